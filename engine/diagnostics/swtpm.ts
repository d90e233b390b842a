/** Whether machines can have a TPM. */
import { hasSwtpm } from '../qemu/process/swtpm.ts'
import type { Diagnostic } from './diagnostic.ts'
import { ok } from './diagnostic.ts'
import { installRemedy } from './install-remedy.ts'

const tried = 'Looked for swtpm and swtpm_setup in PATH.'
const packages = { debian: 'swtpm swtpm-tools', fedora: 'swtpm swtpm-tools', arch: 'swtpm', suse: 'swtpm' }

export const swtpmDiagnostic: Diagnostic = {
  id: 'swtpm',
  title: 'TPM',
  applicable: () => true,
  async check({ capabilities }) {
    if (!hasSwtpm()) {
      return { status: 'warning', found: 'swtpm is not installed.', tried, concerns: 'Machines with a TPM cannot start; some systems refuse to install without one.', remedies: [await installRemedy('swtpm', packages)] }
    }
    if (capabilities !== null && !capabilities.tpmBackends.includes('emulator')) {
      return { status: 'warning', found: 'swtpm is installed, but this QEMU is built without it.', tried, concerns: 'Machines cannot have a TPM.', remedies: [] }
    }
    return ok('swtpm is installed.', tried)
  },
}
