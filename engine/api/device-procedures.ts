/** Procedures about a machine's devices. Each answers with the machine as it then is. */
import { implement } from '@orpc/server'
import { contract } from '../../contract/contract.ts'
import { ejectDisc, insertDisc } from '../machine/cdrom-commands.ts'
import { machineDetails } from '../machine/details.ts'
import { addDisk, checkDisks, removeDisk, resizeDisk } from '../machine/disk-commands.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { addForward, addNic, connectNic, removeForward, removeNic } from '../machine/network-commands.ts'
import type { EngineParts } from './engine-parts.ts'

export function deviceProcedures({ machines }: EngineParts) {
  const os = implement(contract)
  const then = async (ref: string, command: (core: MachineCore) => Promise<void>) => {
    const core = machines.find(ref)
    await command(core)
    return machineDetails(core)
  }
  return {
    disk: {
      add: os.disk.add.handler(({ input: { machine, ...addition } }) => addDisk(machines.find(machine), addition)),
      remove: os.disk.remove.handler(({ input }) => then(input.machine, (core) => removeDisk(core, input.disk))),
      resize: os.disk.resize.handler(({ input }) => then(input.machine, (core) => resizeDisk(core, input.disk, input.sizeMiB))),
      check: os.disk.check.handler(({ input }) => checkDisks(machines.find(input.machine), input.disk)),
    },
    cdrom: {
      insert: os.cdrom.insert.handler(({ input }) => then(input.machine, (core) => insertDisc(core, input.image, input.drive))),
      eject: os.cdrom.eject.handler(({ input }) => then(input.machine, (core) => ejectDisc(core, input.drive, input.force))),
    },
    nic: {
      add: os.nic.add.handler(({ input }) => then(input.machine, (core) => addNic(core, input.model))),
      remove: os.nic.remove.handler(({ input }) => then(input.machine, (core) => removeNic(core, input.nic))),
      connect: os.nic.connect.handler(({ input }) => then(input.machine, (core) => connectNic(core, input.nic, input.connected))),
    },
    forward: {
      add: os.forward.add.handler(({ input }) => then(input.machine, (core) => addForward(core, input.nic, input.forward))),
      remove: os.forward.remove.handler(({ input }) => then(input.machine, (core) => removeForward(core, input.nic, input.protocol, input.hostPort))),
    },
  }
}
