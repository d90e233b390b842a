/** Whether Mayfly's own native parts are built and load. */
import { isMayflyError } from '../../contract/errors.ts'
import { loadNative } from '../native.ts'
import type { Diagnostic } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'

const tried = 'Loaded the native parts.'

export const nativeDiagnostic: Diagnostic = {
  id: 'native',
  title: 'Native parts',
  applicable: () => true,
  check() {
    try {
      loadNative()
      return Promise.resolve(ok('They are built and load.', tried))
    } catch (error) {
      const found = isMayflyError(error) ? error.message : `They do not load: ${error instanceof Error ? error.message : String(error)}`
      return Promise.resolve({ status: 'problem', found, tried, concerns: 'No machine can start.', remedies: [remedy('Build them.', 'npm run build')] })
    }
  },
}
