/** Why a machine cannot be saved or forked with its RAM: QEMU refuses to save the state of some devices. */
import type { MachineConfig } from '../../contract/machine.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import type { MachineCore } from './machine-core.ts'

/** One sentence each, with what could be done; empty where nothing stands in the way. The clipboard's channel does not count: it is unplugged for the moment. */
export function ramBlockers(core: MachineCore): string[] {
  const config = hasProcess(core.state) ? (core.run?.config ?? null) : core.stored.config
  return config === null ? [] : [...blockersOf(config), ...(hasProcess(core.state) && core.run?.plugged === true ? ['CPUs or memory were plugged in while it ran. Restart it first, or save the disks only.'] : [])]
}

function blockersOf(config: MachineConfig): string[] {
  return config.disks
    .filter((disk) => disk.bus === 'nvme')
    .map((disk) => `${disk.id} is an NVMe disk, whose state QEMU cannot save. Attach it as virtio-blk or SATA, or save the disks only.`)
}
