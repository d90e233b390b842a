/** Whether there is a QEMU that Mayfly can drive. */
import { isMayflyError } from '../../contract/errors.ts'
import { findQemu } from '../qemu/capabilities/find-qemu.ts'
import { probeCapabilities } from '../qemu/capabilities/probe-capabilities.ts'
import type { Diagnostic } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'
import { installRemedy } from './install-remedy.ts'

const tried = 'Looked for qemu-system-x86_64 (MAYFLY_QEMU, the settings, then PATH) and asked it what it can do.'
const packages = { debian: 'qemu-system-x86', fedora: 'qemu-kvm', arch: 'qemu-desktop', suse: 'qemu-x86' }

export const qemuDiagnostic: Diagnostic = {
  id: 'qemu',
  title: 'QEMU',
  applicable: () => true,
  async check({ installation, capabilities, qemuFailure }) {
    if (installation !== null && capabilities !== null) return ok(`QEMU ${capabilities.qemuVersion.text} is ${installation.binary}.`, tried)
    try {
      if (qemuFailure !== undefined) throw qemuFailure
      // The context does not say why; asking again does.
      await probeCapabilities(await findQemu())
      return { status: 'unknown', found: 'QEMU answers now, but did not a moment ago.', tried, concerns: '', remedies: [remedy('Run the doctor again.')] }
    } catch (error) {
      if (!isMayflyError(error)) throw error
      return { status: 'problem', found: error.message, tried, concerns: 'No machine can start.', remedies: [await installRemedy('QEMU 7.2 or newer', packages)] }
    }
  },
}
