/** Whether this QEMU takes the library by which RAM is frozen and shared instead of copied. */
import { probeRamLibrary } from '../qemu/process/probe-ram-library.ts'
import type { Diagnostic } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'

const tried = 'Started QEMU for its version with the library in it.'

export const ramLibraryDiagnostic: Diagnostic = {
  id: 'ram-library',
  title: 'Fast forks',
  applicable: ({ installation }) => installation !== null,
  async check({ installation }) {
    if (installation === null) throw new Error('There is no QEMU to ask.')
    const { accepted, reason } = await probeRamLibrary(installation)
    if (accepted) return ok('Forks and checkpoints with RAM share memory instead of copying it.', tried)
    return {
      status: 'warning',
      found: reason ?? 'QEMU does not load the memory library.',
      tried,
      concerns: 'Forks and checkpoints with RAM are slower, in proportion to the memory in use.',
      remedies: [remedy('Use the QEMU of your distribution, or build Mayfly anew.')],
    }
  },
}
