/** Whether machines can have UEFI, and Secure Boot. */
import { findUefiFirmware } from '../qemu/firmware/find-firmware.ts'
import type { Diagnostic } from './diagnostic.ts'
import { ok } from './diagnostic.ts'
import { installRemedy } from './install-remedy.ts'

const tried = 'Looked for the descriptions of firmware that distributions install, and in the usual places.'
const packages = { debian: 'ovmf', fedora: 'edk2-ovmf', arch: 'edk2-ovmf', suse: 'qemu-ovmf-x86_64' }

export const firmwareDiagnostic: Diagnostic = {
  id: 'firmware',
  title: 'UEFI firmware',
  applicable: ({ capabilities }) => capabilities !== null,
  async check({ capabilities }) {
    const machineType = capabilities?.machineTypes.find(({ alias }) => alias === 'q35')?.name ?? 'pc-q35'
    const [uefi, secureBoot] = await Promise.all([findUefiFirmware({ secureBoot: false, machineType }), findUefiFirmware({ secureBoot: true, machineType })])
    if (uefi !== null && secureBoot !== null) return ok(`UEFI and Secure Boot are there (${uefi.code.path}, ${secureBoot.code.path}).`, tried)
    const remedies = [await installRemedy('UEFI firmware (OVMF)', packages)]
    if (uefi === null) return { status: 'warning', found: 'There is no UEFI firmware.', tried, concerns: 'Machines boot by BIOS only.', remedies }
    return { status: 'warning', found: `UEFI is there (${uefi.code.path}), but not with Secure Boot.`, tried, concerns: 'Machines cannot have Secure Boot.', remedies }
  },
}
