/**
 * A layer that QEMU was writing to when it was killed is marked dirty: its references are counted anew by the next
 * who opens it for writing. Nobody does that with a frozen one, and QEMU 7.2 and 10.0 end with a
 * failed assertion when they save a machine that stands on such a layer (qcow2_inactivate marks it clean,
 * though it is read only). So layers are repaired before they are frozen, and before a machine is started on them.
 */
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { type Layers, readPresent } from '../machine/layers.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { repairQcow2 } from '../qemu/img/check-qcow2.ts'
import { isDirty } from '../qemu/img/own-layer.ts'
import { diskFolder } from '../storage/names.ts'

/** Repairs what the present stands on; what it writes to itself QEMU repairs. The machine must be off. Runs in the machine's queue. */
export async function repairFrozen(core: MachineCore): Promise<void> {
  const { disks } = await readPresent(core.names)
  await repair(core, disks, (chain) => chain.slice(0, -1), 0o444)
}

/** Repairs layers that are about to be frozen: the topmost of these chains. The machine must be off. Runs in the machine's queue. */
export async function repairTips(core: MachineCore, chains: Layers): Promise<void> {
  await repair(core, chains, (chain) => chain.slice(-1), 0o600)
}

async function repair(core: MachineCore, chains: Layers, which: (chain: readonly string[]) => readonly string[], mode: number): Promise<void> {
  for (const [disk, chain] of Object.entries(chains)) {
    for (const file of which(chain)) {
      const path = join(diskFolder(core.names, disk), file)
      if (!(await isDirty(path))) continue
      await chmod(path, 0o600)
      await repairQcow2(await core.context.host.installation(), path)
      await chmod(path, mode)
      core.context.log(`${core.id}: ${file} of ${disk} was repaired: QEMU had been killed while it wrote to it.`)
    }
  }
}
