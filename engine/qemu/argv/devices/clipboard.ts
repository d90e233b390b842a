/**
 * The channel on which a guest's spice-vdagent shares its clipboard with who watches the screen
 * over VNC. QEMU itself is the other end, so nothing of it passes through the engine. Its state
 * cannot be saved ("The vdagent chardev doesn't yet support migration", 7.2 to 10.0): before a RAM
 * checkpoint it is unplugged, and plugged again.
 */
import { commaOptions, type DeviceArguments } from '../device-arguments.ts'
import { onlyOne, streamId } from '../qemu-ids.ts'

/** Where spice-vdagent looks for its port. */
export const clipboardPortName = 'com.redhat.spice.0'
export const clipboardChardev = 'qemu-vdagent'

/** The pointer stays with the tablet: an agent that moves it would be a second one. */
const options = { clipboard: true, mouse: false } as const

/** `device_add` and `-device`. Its number follows those of the agents' ports. */
export const clipboardPort = { driver: 'virtserialport', id: onlyOne.clipboard, bus: `${onlyOne.serialBus}.0`, nr: 3, chardev: streamId(onlyOne.clipboard), name: clipboardPortName } as const

/** `chardev-add`. */
export const clipboardBackend = { type: clipboardChardev, data: options } as const

export function clipboardArguments(shared: boolean): DeviceArguments {
  if (!shared) return {}
  const onOff = (on: boolean): string => (on ? 'on' : 'off')
  return {
    chardevs: [commaOptions(clipboardChardev, { id: streamId(onlyOne.clipboard), clipboard: onOff(options.clipboard), mouse: onOff(options.mouse) })],
    devices: [clipboardPort],
  }
}
