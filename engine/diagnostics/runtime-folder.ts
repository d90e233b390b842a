/** Whether sockets can live in the runtime folder: it is ours alone, and its path short enough. */
import { lstat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { isMayflyError } from '../../contract/errors.ts'
import { machineIdSchema } from '../../contract/ids.ts'
import { machineRuntimeNames } from '../storage/names.ts'
import type { Diagnostic, Finding } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'

/** As long as every machine's id. */
const anyMachine = machineIdSchema.parse('a00000000000')

export const runtimeFolderDiagnostic: Diagnostic = {
  id: 'runtime-folder',
  title: 'Runtime folder',
  applicable: () => true,
  async check({ folders }) {
    const tried = `Looked at ${folders.runtime}, its owner, its mode and the length of the sockets' paths in it.`
    const problem = (found: string, text: string): Finding => ({ status: 'problem', found, tried, concerns: 'No machine can start.', remedies: [remedy(text)] })
    try {
      machineRuntimeNames(folders, anyMachine)
    } catch (error) {
      if (!isMayflyError(error)) throw error
      return problem(error.message, 'Set XDG_RUNTIME_DIR or MAYFLY_HOME to a folder with a shorter path.')
    }
    const stats = await lstat(folders.runtime).catch(() => null)
    if (stats === null || !stats.isDirectory()) return problem(`There is no folder ${folders.runtime}.`, 'Make it, or set XDG_RUNTIME_DIR.')
    if (stats.uid !== userInfo().uid || (stats.mode & 0o077) !== 0) return problem(`Others may enter ${folders.runtime}.`, `Make it private: chmod 700 ${folders.runtime}`)
    if ((process.env['XDG_RUNTIME_DIR'] ?? '') === '' && (process.env['MAYFLY_HOME'] ?? '') === '') {
      const concerns = 'Cleaners of temporary files may remove the sockets of running machines.'
      return { status: 'warning', found: `There is no XDG_RUNTIME_DIR; ${folders.runtime} serves instead.`, tried, concerns, remedies: [remedy('Log in through a session manager (systemd-logind), or set XDG_RUNTIME_DIR.')] }
    }
    return ok(`${folders.runtime} is private and short enough.`, tried)
  },
}
