/**
 * Where a guest's sound goes on this host: to the sound server or card that is there and that this
 * QEMU has a driver for. A guest has its card in any case; where nobody can hear it, it is said why.
 */
import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { HostInfo } from '../../contract/host.ts'
import type { Capabilities } from '../qemu/argv/capabilities.ts'
import type { AudioOutlet } from '../qemu/argv/devices/sound.ts'

export interface HostSound extends Readonly<HostInfo['sound']> {
  readonly outlet: AudioOutlet
  /** The host can play; it is QEMU that cannot. */
  readonly isDriverMissing: boolean
}

type Environment = Readonly<Record<string, string | undefined>>
type Heard = Exclude<AudioOutlet, { readonly driver: 'none' }>

/** PipeWire serves PulseAudio's clients, too, and on desktops always does. */
const names: Readonly<Record<Heard['driver'], string>> = { pa: 'the sound server (PipeWire or PulseAudio)', alsa: 'the sound card (ALSA)' }
const answersWithinMs = 1_000

/**
 * Tells what is there now: people log in and out, and plug headsets in. `environment` is that of the
 * process that will start QEMU. A server is connected to, because a newer QEMU (8.2) does not start where its own cannot be reached.
 */
export async function findHostSound(capabilities: Capabilities | null, environment: Environment = process.env): Promise<HostSound> {
  const silent = (reason: string, remedy: string, isDriverMissing = false): HostSound => ({ outlet: { driver: 'none' }, audible: false, backend: null, reason, remedy, isDriverMissing })
  if (capabilities === null) return silent('There is no QEMU that could play sound.', 'Install QEMU; see mayfly doctor.')
  const present = (await Promise.all([findPulse(environment), findCard()])).filter((outlet) => outlet !== null)
  const [best] = present
  if (best === undefined) return silent('This host has no sound server or sound card that you can use, so guests play into silence.', 'Log in to a desktop with PipeWire or PulseAudio, or join the group audio, and start the machine again.')
  const outlet = present.find(({ driver }) => capabilities.audioDrivers.includes(driver))
  if (outlet === undefined) {
    return silent(
      `This QEMU has no driver for ${names[best.driver]}, which this host has, so guests play into silence.`,
      'Install QEMU\'s audio drivers and start the machine again. They are in qemu-system-gui (Debian, Ubuntu), qemu-audio-pa (Fedora, Arch, openSUSE).',
      true,
    )
  }
  return { outlet, audible: true, backend: outlet.driver, reason: `Guests are heard through ${names[outlet.driver]}.`, remedy: null, isDriverMissing: false }
}

async function findPulse({ PULSE_SERVER: named = '', XDG_RUNTIME_DIR: runtime = '' }: Environment): Promise<Heard | null> {
  const server = named === '' && runtime !== '' ? `unix:${join(runtime, 'pulse/native')}` : named
  // A server elsewhere is left alone: a machine's start does not wait for a network.
  return server.startsWith('unix:') && (await answers(server.slice('unix:'.length))) ? { driver: 'pa', server } : null
}

async function findCard(): Promise<Heard | null> {
  // pcmC0D0p: a card's device that plays (Linux, Documentation/sound/designs/procfile.rst).
  const devices = (await readdir('/dev/snd').catch((): string[] => [])).filter((name) => /^pcmC\d+D\d+p$/.test(name))
  const usable = await Promise.all(devices.map((name) => access(join('/dev/snd', name), constants.R_OK | constants.W_OK).then(() => true, () => false)))
  return usable.includes(true) ? { driver: 'alsa' } : null
}

/** Whether somebody listens on a unix socket. */
async function answers(path: string): Promise<boolean> {
  const socket = connect({ path })
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.setTimeout(answersWithinMs, () => resolve(false))
    })
  } finally {
    socket.destroy()
  }
}
