/** Whether Mayfly may write where it keeps things. */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import type { Diagnostic } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'

export const foldersDiagnostic: Diagnostic = {
  id: 'folders',
  title: "Mayfly's folders",
  applicable: () => true,
  async check({ folders }) {
    const paths = [folders.data, folders.config, folders.cache, folders.state]
    const tried = `Looked whether ${paths.join(', ')} may be written to.`
    const closed: string[] = []
    for (const path of paths) await access(path, constants.W_OK | constants.X_OK).catch(() => closed.push(path))
    if (closed.length === 0) return ok('They are there and may be written to.', tried)
    return {
      status: 'problem',
      found: `These cannot be written to: ${closed.join(', ')}.`,
      tried,
      concerns: 'Machines cannot be made or changed.',
      remedies: [remedy('Make them writable for you, or set MAYFLY_HOME to a folder that is.')],
    }
  },
}
