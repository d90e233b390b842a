/** Whether guests can be heard. A host without any sound is as it should be on a server, so only a driver that lacks is a warning. */
import { findHostSound } from '../host/host-sound.ts'
import type { Diagnostic } from './diagnostic.ts'
import { ok } from './diagnostic.ts'
import { installRemedy } from './install-remedy.ts'

const tried = 'Looked for a sound server and sound cards, and asked QEMU for its audio drivers.'
const packages = { debian: 'qemu-system-gui', fedora: 'qemu-audio-pa', arch: 'qemu-audio-pa', suse: 'qemu-audio-pa' }

export const soundDiagnostic: Diagnostic = {
  id: 'sound',
  title: 'Sound',
  applicable: ({ capabilities }) => capabilities !== null,
  async check({ capabilities }) {
    const { audible, reason, isDriverMissing } = await findHostSound(capabilities)
    if (audible || !isDriverMissing) return ok(reason, tried)
    return { status: 'warning', found: reason, tried, concerns: 'Guests have a sound card, but nobody hears them.', remedies: [await installRemedy("QEMU's audio drivers", packages)] }
  },
}
