/**
 * The sound card: an Intel HD Audio controller with one codec, which every desktop system has a
 * driver for. virtio-sound is not offered: its state cannot be saved (QEMU 10.0, "State blocked by
 * non-migratable device"), so it would cost checkpoints and forks.
 */
import type { Sound } from '../../../../contract/device.ts'
import { addressProperties } from '../address.ts'
import type { DeviceArguments } from '../device-arguments.ts'
import type { Hardware } from '../hardware.ts'
import { backendId, codecId, onlyOne } from '../qemu-ids.ts'

export const soundController = 'ich9-intel-hda'
export const soundCodec = 'hda-duplex'

/**
 * QEMU's ways to the host's ears that Mayfly uses. `none` plays at the right speed and is heard by nobody. QEMU's
 * own PipeWire driver is left out: 7.2 has none, and PipeWire speaks PulseAudio's protocol as well.
 * PulseAudio's server is always named: without, QEMU wants a pid file beside it (audio/paaudio.c, `qpa_audio_init`).
 */
export type AudioOutlet = { readonly driver: 'alsa' } | { readonly driver: 'none' } | { readonly driver: 'pa'; readonly server: string }

/** The guest's card is the same whatever the host's end is, so a machine's host may change. */
export function soundArguments(sound: Sound, outlet: AudioOutlet, hardware: Hardware): DeviceArguments {
  if (sound === 'none') return {}
  return {
    audiodevs: [{ ...outlet, id: backendId(onlyOne.sound) }],
    devices: [
      { driver: soundController, id: onlyOne.sound, ...addressProperties(hardware, onlyOne.sound) },
      { driver: soundCodec, id: codecId(onlyOne.sound), bus: `${onlyOne.sound}.0`, cad: 0, audiodev: backendId(onlyOne.sound) },
    ],
  }
}
