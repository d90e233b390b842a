/**
 * Where a guest's sound goes on this host: to the sound server or card that is there and that this
 * QEMU has a driver for. A guest has its card in any case; where nobody can hear it, it is said why.
 */
import { accessSync, constants, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { HostInfo } from '../../contract/host.ts'
import type { Capabilities } from '../qemu/argv/capabilities.ts'
import type { AudioDriver } from '../qemu/argv/devices/sound.ts'

export type HostSound = HostInfo['sound'] & { readonly driver: AudioDriver; readonly isDriverMissing: boolean }

type Outlet = Exclude<AudioDriver, 'none'>

const outletNames: Readonly<Record<Outlet, string>> = { pipewire: 'PipeWire', pa: 'PulseAudio', alsa: 'the sound card (ALSA)' }

/** Tells what is there now: people log in and out, and plug headsets in. `environment` is that of the process that will start QEMU. */
export function findHostSound(capabilities: Capabilities | null, environment: Readonly<Record<string, string | undefined>> = process.env): HostSound {
  const present = outletsOf(environment)
  const silent = (reason: string, remedy: string, isDriverMissing = false): HostSound => ({ driver: 'none', audible: false, backend: null, reason, remedy, isDriverMissing })
  const [first] = present
  if (capabilities === null) return silent('There is no QEMU that could play sound.', 'Install QEMU; see mayfly doctor.')
  if (first === undefined) return silent('This host has no sound server or sound card that you can use, so guests play into silence.', 'Log in to a desktop with PipeWire or PulseAudio, or join the group audio, and start the machine again.')
  const driver = present.find((outlet) => capabilities.audioDrivers.includes(outlet))
  if (driver === undefined) {
    return silent(
      `This QEMU has no driver for ${outletNames[first]}, which this host has, so guests play into silence.`,
      'Install QEMU\'s audio drivers and start the machine again. They are in qemu-system-gui (Debian, Ubuntu), qemu-audio-pa or qemu-audio-pipewire (Fedora, Arch, openSUSE).',
      true,
    )
  }
  return { driver, audible: true, backend: driver, reason: `Guests are heard through ${outletNames[driver]}.`, remedy: null, isDriverMissing: false }
}

/** The best first: a sound server lets everybody be heard at once, a bare card may be taken. */
function outletsOf(environment: Readonly<Record<string, string | undefined>>): Outlet[] {
  const runtime = environment['XDG_RUNTIME_DIR'] ?? ''
  const pulseServer = environment['PULSE_SERVER'] ?? ''
  const isThere: Readonly<Record<Outlet, boolean>> = {
    pipewire: runtime !== '' && isUsable(join(runtime, environment['PIPEWIRE_REMOTE'] ?? 'pipewire-0')),
    pa: pulseServer === '' ? runtime !== '' && isUsable(join(runtime, 'pulse/native')) : !pulseServer.startsWith('unix:') || isUsable(pulseServer.slice('unix:'.length)),
    alsa: playbackDevices().some(isUsable),
  }
  const order: readonly Outlet[] = ['pipewire', 'pa', 'alsa']
  return order.filter((outlet) => isThere[outlet])
}

function playbackDevices(): string[] {
  try {
    // pcmC0D0p: a card's device that plays (Documentation/sound/designs/procfile.rst).
    return readdirSync('/dev/snd').filter((name) => /^pcmC\d+D\d+p$/.test(name)).map((name) => join('/dev/snd', name))
  } catch {
    return []
  }
}

function isUsable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}
