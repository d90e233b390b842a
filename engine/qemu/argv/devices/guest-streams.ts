/**
 * The byte streams between host and guest: the serial port, the guest agent's channel and that of
 * Mayfly's own helper. Each is a unix socket QEMU listens on, so an engine can come and go.
 */
import { addressProperties } from '../address.ts'
import { type Chassis, virtioDriver } from '../chassis.ts'
import { type DeviceArguments, listeningChardev } from '../device-arguments.ts'
import type { Hardware } from '../hardware.ts'
import type { MachinePaths } from '../machine-paths.ts'
import { onlyOne, streamId } from '../qemu-ids.ts'

/** Where the guest's agents look for their ports: `/dev/virtio-ports/<name>` on Linux. */
export const agentPortName = 'org.qemu.guest_agent.0'
export const execPortName = 'io.mayfly.exec.0'

/** The serial port is logged whether or not somebody is connected. */
export function serialArguments(paths: MachinePaths, chassis: Chassis): DeviceArguments {
  return {
    chardevs: [listeningChardev(streamId(onlyOne.serial), paths.serialSocket, { file: paths.serialLog })],
    // A microvm makes its own ISA serial port and takes the chardev by `-serial`.
    devices: chassis === 'q35' ? [{ driver: 'isa-serial', id: onlyOne.serial, chardev: streamId(onlyOne.serial), index: 0 }] : [],
  }
}

/** `nr` is fixed: port 0 is reserved for consoles (virtio-serial's own rule), and a checkpoint must find the same numbers. */
export function guestPortArguments(paths: MachinePaths, hardware: Hardware, chassis: Chassis): DeviceArguments {
  const port = (id: string, nr: number, name: string) => ({ driver: 'virtserialport', id, bus: `${onlyOne.serialBus}.0`, nr, chardev: streamId(id), name })
  return {
    chardevs: [listeningChardev(streamId(onlyOne.agent), paths.agentSocket), listeningChardev(streamId(onlyOne.exec), paths.execSocket)],
    devices: [
      { driver: virtioDriver('virtio-serial', chassis), id: onlyOne.serialBus, ...addressProperties(hardware, onlyOne.serialBus) },
      port(onlyOne.agent, 1, agentPortName),
      port(onlyOne.exec, 2, execPortName),
    ],
  }
}
