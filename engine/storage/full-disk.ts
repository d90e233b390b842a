/**
 * A full disk shows itself in many ways: a QEMU that cannot write its log or its pid file dies, or says
 * so in its own words, or what waits for it gives up. Where there is no room left, that is what is told.
 */
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import { freeBytes } from './atomic-file.ts'

/** With less than this nothing of ours can be begun. */
const leastBytes = 1024 * 1024
const mayBeOfIt = ['conflict', 'qemu-launch-failed', 'qmp-failed', 'qmp-interrupted', 'timeout'] as const

/** The failure itself, or `no-space` where one of `folders` is full. To be asked before what was begun is removed, which makes room. */
export async function orNoSpace(error: unknown, folders: readonly string[]): Promise<unknown> {
  if (!mayBeOfIt.some((code) => isMayflyError(error, code))) return error
  for (const path of folders) {
    const free = await freeBytes(path)
    if (free === null || free >= leastBytes) continue
    return new MayflyError('no-space', `There is no space left in ${path}. What was begun has been undone.`, { path, needed: leastBytes, free }, { cause: error, next: 'Free some space and try again.' })
  }
  return error
}
