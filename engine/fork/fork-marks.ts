/**
 * A mark stands for each fork from before its folder is made until that is on disk for good. A fork
 * is made in tens of milliseconds, too few to wait for a disk; the mark tells the next engine what an
 * engine that was killed, or a power cut, left in the middle.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { machineIdSchema, type MachineId } from '../../contract/ids.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import { hostBootId } from '../qemu/process/process-identity.ts'
import { describeWriteFailure, makePrivateFolder } from '../storage/atomic-file.ts'
import type { Folders } from '../storage/folders.ts'
import { forkMarksFolder } from '../storage/names.ts'

export interface ForkMark {
  readonly id: MachineId
  /** Its guest ran, or it was asked for nothing more: only its files may not have reached the disk. */
  readonly isMade: boolean
  /** The host has not gone down since. */
  readonly isOfThisBoot: boolean
}

/** Notes that a fork is being made: until it is, the engine may not go without a successor. */
export async function markMaking({ folders, unsettled }: EngineContext, id: MachineId): Promise<void> {
  unsettled(id, true)
  const folder = forkMarksFolder(folders)
  const path = join(folder, id)
  await write(path, false).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    await makePrivateFolder(folder)
    await write(path, false)
  })
}

/** Notes that a fork is made, though perhaps not yet on disk. */
export async function markMade({ folders, unsettled }: EngineContext, id: MachineId): Promise<void> {
  await write(join(forkMarksFolder(folders), id), true)
  unsettled(id, false)
}

/** Nothing of the fork is left in the middle: it is on disk for good, or gone. */
export async function unmark({ folders, unsettled }: EngineContext, id: MachineId): Promise<void> {
  await rm(join(forkMarksFolder(folders), id), { force: true })
  unsettled(id, false)
}

/** All marks that are there. */
export async function readMarks(folders: Folders): Promise<ForkMark[]> {
  const folder = forkMarksFolder(folders)
  const found = await readdir(folder).catch(() => [])
  const marks = await Promise.all(found.map(async (name): Promise<ForkMark[]> => {
    const id = machineIdSchema.safeParse(name)
    if (!id.success) return []
    const [word, boot] = (await readFile(join(folder, name), 'utf8').catch(() => '')).trim().split(' ')
    return [{ id: id.data, isMade: word === 'made', isOfThisBoot: boot === hostBootId() }]
  }))
  return marks.flat()
}

async function write(path: string, isMade: boolean): Promise<void> {
  try {
    await writeFile(path, `${isMade ? 'made' : 'making'} ${hostBootId()}\n`, { mode: 0o600 })
  } catch (error) {
    throw await describeWriteFailure(path, error)
  }
}
