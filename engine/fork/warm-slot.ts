/**
 * A fork that is made up to the point where only the state of its devices must be loaded: its folder,
 * its layers, its QEMU with RAM mapped, waiting. Nobody hears of it until it is claimed.
 */
import { join } from 'node:path'
import type { MachineId } from '../../contract/ids.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { newMachineId, randomIdentity } from '../machine/identity.ts'
import { launchWaiting, type Launched } from '../machine/launch.ts'
import { MachineCore } from '../machine/machine-core.ts'
import type { Life } from '../machine/machine-documents.ts'
import type { Machines } from '../machine/machines.ts'
import { beginFork } from '../machine/power.ts'
import type { SavedPoint } from '../machine/saved-point.ts'
import { netdevId } from '../qemu/argv/qemu-ids.ts'
import { addHostForward } from '../qemu/qmp/host-forward.ts'
import { machinesFolder } from '../storage/names.ts'
import { copyFirmware } from './copy-firmware.ts'
import { makeForkFolder } from './fork-folder.ts'
import { markMaking } from './fork-marks.ts'
import type { ForkSource, FrozenSource } from './fork-source.ts'
import { removeRemains } from './remove-for-good.ts'

export interface WarmSlot {
  readonly core: MachineCore
  readonly launched: Launched
  readonly from: SavedPoint
  readonly source: ForkSource
  readonly savedAt: number
}

/** Makes a slot. The source's files must stay where they are meanwhile. On a failure nothing is left. */
export async function prepareSlot(parent: MachineCore, source: ForkSource, frozen: FrozenSource, from: SavedPoint): Promise<WarmSlot> {
  const { context } = parent
  const id: MachineId = newMachineId()
  const folder = join(machinesFolder(context.folders), id)
  const config: MachineConfig = { ...source.config, name: id, nics: source.config.nics.map((nic) => ({ ...nic, network: { ...nic.network, forwards: [] } })) }
  // What became of it is not told by its documents, but by the mark: it is removed by the next engine.
  const life: Life = { role: 'machine', origin: source.origin, throwaway: true, expiresAt: null }
  const hardware = source.hardware === null ? null : { ...source.hardware, generationId: randomIdentity.uuid() }
  try {
    await markMaking(context, id)
    const stored = await makeForkFolder({ id, folder, config, hardware, life, parent: parent.names, layers: source.layers, sizes: source.sizes, media: source.media })
    const core = new MachineCore(context, id, folder, stored, false)
    core.durable = false
    if (frozen.firmware !== null) await copyFirmware(frozen.firmware, core.names)
    const launched = await core.queue.run((signal) => launchWaiting(core, signal, from))
    return { core, launched, from, source, savedAt: frozen.savedAt }
  } catch (error) {
    await removeRemains(context, id)
    throw error
  }
}

export interface Claim {
  readonly name: string
  readonly life: Life
  readonly begin: 'run' | 'pause'
  /** The cards of the new machine, with ports of the host that are free. */
  readonly nics: MachineConfig['nics']
}

/** Makes a machine of a slot: all that is left is to load the state and go. Throws what a start throws; the caller removes what is left then. */
export async function claimSlot(machines: Machines, { core, launched, from, source }: WarmSlot, claim: Claim): Promise<{ readonly core: MachineCore; readonly wentAt: number }> {
  const config: MachineConfig = { ...source.config, name: claim.name, nics: claim.nics }
  const { run } = core
  core.update({ config, life: claim.life, ...(run === null ? {} : { run: { ...run, config, startedAt: new Date().toISOString() } }) })
  machines.enlist(core)
  const wentAt = await core.queue.run(async (signal) => {
    core.enter('starting')
    try {
      // QEMU takes them in this order, before the state.
      const forwards = claim.nics.flatMap((nic) => nic.network.forwards.map((forward) => addHostForward(launched.qmp, { netdevId: netdevId(nic.id), ...forward })))
      const begun = beginFork(core, signal, from, claim.begin, { waiting: launched })
      const outcomes = await Promise.allSettled([...forwards, begun, core.saveConfig(config), core.saveLife(claim.life)])
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
      return await begun
    } catch (error) {
      if (core.state === 'starting') core.enter('stopped')
      throw error
    }
  })
  return { core, wentAt }
}
