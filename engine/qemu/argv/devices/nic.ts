/** Network cards on QEMU's user network: no privileges, one private network a card. */
import type { Nic, PortForward } from '../../../../contract/device.ts'
import { MayflyError } from '../../../../contract/errors.ts'
import { addressProperties, hexadecimal } from '../address.ts'
import { type Chassis, virtioDriver } from '../chassis.ts'
import type { DeviceArgument, DeviceArguments, JsonObject, NetdevArgument } from '../device-arguments.ts'
import type { Hardware } from '../hardware.ts'
import { netdevId } from '../qemu-ids.ts'

/** The subnet of a machine's first card: QEMU's own, 10.0.2.0/24. */
export const firstSubnet = 2

export function nicDriver(model: Nic['model'], chassis: Chassis): string {
  return model === 'virtio-net' ? virtioDriver('virtio-net', chassis) : 'e1000e'
}

export function nicArguments(nic: Nic, hardware: Hardware, chassis: Chassis): DeviceArguments {
  const planned = hardware.nics[nic.id]
  if (planned === undefined) throw new MayflyError('bug', `The network card ${nic.id} has no place in the machine's hardware.`, { reference: `argv:nic:${nic.id}` })
  return { netdevs: [userNetwork(nic, planned.subnet)], devices: [nicDevice(nic, planned.mac, hardware, chassis)] }
}

/**
 * Two cards of one machine get different subnets: with the same one on both, the guest could not
 * tell where to send. An absent guest address in a forward means the first the network's DHCP gives out.
 */
function userNetwork(nic: Nic, subnet: number): NetdevArgument {
  return {
    type: 'user',
    id: netdevId(nic.id),
    ...(subnet === firstSubnet ? {} : { net: `10.0.${subnet}.0/24`, 'ipv6-prefix': `fec0:0:0:${hexadecimal(subnet).slice(2)}::` }),
    restrict: nic.network.restrict,
    ...(nic.network.forwards.length === 0 ? {} : { hostfwd: nic.network.forwards.map((forward) => ({ str: hostForward(forward) })) }),
  }
}

/** `tcp:127.0.0.1:2222-:22` (qemu-options, hostfwd). */
function hostForward(forward: PortForward): string {
  return `${forward.protocol}:${forward.hostAddress}:${forward.hostPort}-:${forward.guestPort}`
}

function nicDevice(nic: Nic, mac: string, hardware: Hardware, chassis: Chassis): DeviceArgument {
  return {
    driver: nicDriver(nic.model, chassis),
    id: nic.id,
    ...addressProperties(hardware, nic.id),
    netdev: netdevId(nic.id),
    mac,
    ...(chassis === 'q35' ? bootRom(nic) : {}),
  }
}

/**
 * A card that is not booted from carries no boot ROM: the firmware has nothing to start, and the
 * size of a file of the host's is no part of what a checkpoint must find again.
 */
function bootRom(nic: Nic): JsonObject {
  return nic.bootIndex === undefined ? { romfile: '' } : { bootindex: nic.bootIndex }
}
