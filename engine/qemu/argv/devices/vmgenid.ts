/** The generation ID: tells a guest that it was restored or copied, so that it makes new randomness and identities. */
import type { DeviceArguments } from '../device-arguments.ts'
import type { Hardware } from '../hardware.ts'
import { onlyOne } from '../qemu-ids.ts'

/**
 * The same ID at every ordinary start: a guest takes a change as "an old state of me runs again",
 * and a Windows domain controller then gives up its identity (Microsoft, "Virtual Machine Generation
 * ID": it stays over reboots and restarts of the host, and changes when a snapshot is applied or a
 * copy made). `auto` lets QEMU make a new one (docs/specs/vmgenid).
 */
export function vmgenidArguments(hardware: Hardware, newGeneration: boolean): DeviceArguments {
  return { devices: [{ driver: 'vmgenid', id: onlyOne.vmgenid, guid: newGeneration ? 'auto' : hardware.generationId }] }
}
