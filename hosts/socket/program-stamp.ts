/**
 * Which build of its program an engine runs. A detached engine outlives an upgrade or a rebuild
 * of Mayfly; who meets it then must not be served by the old code.
 */
import { statSync } from 'node:fs'
import type { Hello, ProgramStamp } from './protocol.ts'

/** The program at `path` as it is now; null where there is none. */
export function stampProgram(path: string): ProgramStamp | null {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? null : { path, modifiedMs: stats.mtimeMs }
}

/** Whether the engine's program has been replaced since it was started. A program that is gone replaces nobody. */
export function isOutdated({ program }: Hello): boolean {
  if (program === undefined || program === null) return false
  const now = stampProgram(program.path)
  return now !== null && now.modifiedMs !== program.modifiedMs
}
