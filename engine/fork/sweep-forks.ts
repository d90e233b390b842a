/** What an engine that was killed, or a power cut, left of forks: the unfinished ones are removed, with their processes. */
import { join } from 'node:path'
import type { EngineContext } from '../machine/engine-context.ts'
import { machinesFolder } from '../storage/names.ts'
import { settleFolder } from './fork-folder.ts'
import { type ForkMark, readMarks, unmark } from './fork-marks.ts'
import { isWholeFork } from './is-whole-fork.ts'
import { removeRemains } from './remove-for-good.ts'

/** Runs before machines are listed. */
export async function sweepForks(context: EngineContext): Promise<void> {
  await Promise.all((await readMarks(context.folders)).map((mark) => settleMark(context, mark).catch((error: unknown) => context.log(`${mark.id}: what is left of a fork could not be removed: ${String(error)}`))))
}

async function settleMark(context: EngineContext, mark: ForkMark): Promise<void> {
  const folder = join(machinesFolder(context.folders), mark.id)
  const isLost = mark.isOfThisBoot ? !mark.isMade : !(await isWholeFork(folder, mark.id))
  if (isLost) {
    await removeRemains(context, mark.id)
    context.log(`${mark.id}: a fork that was not finished was removed.`)
    return
  }
  await settleFolder(folder)
  await unmark(context, mark.id)
}
