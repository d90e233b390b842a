/** Whether disks can be made, checked and converted. */
import type { Diagnostic } from './diagnostic.ts'
import { ok } from './diagnostic.ts'
import { installRemedy } from './install-remedy.ts'

const tried = 'Looked for qemu-img beside QEMU and in PATH.'

export const qemuImgDiagnostic: Diagnostic = {
  id: 'qemu-img',
  title: 'Disk tool (qemu-img)',
  applicable: ({ installation }) => installation !== null,
  async check({ installation }) {
    if (installation !== null && installation.imgBinary !== null) return ok(`qemu-img is ${installation.imgBinary}.`, tried)
    const packages = { debian: 'qemu-utils', fedora: 'qemu-img', arch: 'qemu-img', suse: 'qemu-img' }
    return { status: 'problem', found: 'qemu-img is not installed.', tried, concerns: 'No disk can be made, and no image added.', remedies: [await installRemedy('qemu-img', packages)] }
  },
}
