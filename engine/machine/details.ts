/** Everything about one machine, with what must be measured for it. */
import type { MachineDetails } from '../../contract/machine.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import { summarizeHardware } from '../qemu/argv/hardware.ts'
import { proportionalBytes, residentBytes } from '../qemu/process/process-identity.ts'
import { isMayflyError } from '../../contract/errors.ts'
import { type Layers, measureLayers, readLayers } from './layers.ts'
import type { MachineCore } from './machine-core.ts'

export async function machineDetails(core: MachineCore): Promise<MachineDetails> {
  const { config, hardware, lastExit, run } = core.stored
  const layers = await readLayersOrNone(core)
  const disks = await Promise.all(
    (config?.disks ?? []).map(async (disk) => ({
      id: disk.id,
      virtualBytes: disk.sizeMiB * 1024 * 1024,
      ...(await measureLayers(core.names, disk.id, layers)),
      layers: layers[disk.id]?.length ?? 0,
    })),
  )
  return {
    ...core.summary(),
    config,
    hardware: hardware === null ? null : summarizeHardware(hardware),
    pending: core.pending(),
    disks,
    boots: [...core.stored.boots],
    lastExit,
    process:
      run === null || !hasProcess(core.state)
        ? null
        : { accelerator: run.accelerator, qemuVersion: run.qemuVersion, residentBytes: run.process === null ? null : residentBytes(run.process.pid), proportionalBytes: run.process === null ? null : proportionalBytes(run.process.pid) },
    folder: core.names.folder,
  }
}

/** A machine whose layers are not on record is shown all the same; its start says what is wrong. */
async function readLayersOrNone(core: MachineCore): Promise<Layers> {
  try {
    return await readLayers(core.names)
  } catch (error) {
    if (isMayflyError(error)) return {}
    throw error
  }
}
