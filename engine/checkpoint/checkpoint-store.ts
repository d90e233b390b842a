/**
 * The checkpoints of a machine as they lie in its folder. One that cannot be read is listed with
 * the reason; it is never deleted or overwritten, and while there is one no layer is taken for garbage.
 */
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import { checkpointIdSchema, type CheckpointId } from '../../contract/ids.ts'
import { directBootFiles } from '../machine/direct-boot.ts'
import { cdromPath } from '../machine/media.ts'
import { describeWriteFailure, makePrivateFolder, syncPath } from '../storage/atomic-file.ts'
import { readDocument, writeDocument } from '../storage/document.ts'
import { checkpointFolderNames, diskFolder, type MachineFolderNames } from '../storage/names.ts'
import { type CheckpointRecord, checkpointDocument } from './checkpoint-document.ts'
import { ramLayerFiles } from './ram-layers.ts'

export interface BrokenCheckpoint {
  readonly id: CheckpointId
  readonly reason: string
  /** When its folder was last changed. */
  readonly at: string
}

export interface StoredCheckpoints {
  /** In the order they were taken. */
  readonly sound: readonly CheckpointRecord[]
  readonly broken: readonly BrokenCheckpoint[]
}

/** Reads all of them. Never throws for bad content. */
export async function readCheckpoints(names: MachineFolderNames): Promise<StoredCheckpoints> {
  const sound: CheckpointRecord[] = []
  const broken: BrokenCheckpoint[] = []
  await Promise.all((await listIds(names)).map(async (id) => {
    try {
      sound.push(await readCheckpoint(names, id))
    } catch (error) {
      if (!(error instanceof MayflyError)) throw error
      const at = await stat(checkpointFolderNames(names, id).folder).then((stats) => stats.mtime, () => new Date(0))
      broken.push({ id, reason: error.message, at: at.toISOString() })
    }
  }))
  return { sound: sound.sort((a, b) => (a.takenAt === b.takenAt ? (a.id < b.id ? -1 : 1) : a.takenAt < b.takenAt ? -1 : 1)), broken }
}

async function listIds(names: MachineFolderNames): Promise<CheckpointId[]> {
  const found = await readdir(names.checkpoints).catch(() => [])
  return found.flatMap((name) => {
    const id = checkpointIdSchema.safeParse(name)
    return id.success ? [id.data] : []
  })
}

/** Throws `not-found`, `storage-corrupt`, `schema-too-new`. */
export function readCheckpoint(names: MachineFolderNames, id: CheckpointId): Promise<CheckpointRecord> {
  return readRecord(checkpointFolderNames(names, id).document, id)
}

/** As `readCheckpoint`, of one that is aside. */
export function readAside(names: MachineFolderNames, id: CheckpointId): Promise<CheckpointRecord> {
  return readRecord(checkpointFolderNames(names, id, true).document, id)
}

async function readRecord(document: string, id: CheckpointId): Promise<CheckpointRecord> {
  let read
  try {
    read = await readDocument(document, checkpointDocument)
  } catch (error) {
    if (!(error instanceof MayflyError) || error.code !== 'not-found') throw error
    throw corrupt(document, 'it is missing')
  }
  const { format: _format, version: _version, ...record } = read
  if (record.id !== id) throw corrupt(document, `it belongs to ${record.id}`)
  return record
}

function corrupt(file: string, reason: string): MayflyError<'storage-corrupt'> {
  return new MayflyError('storage-corrupt', `${file} cannot be used: ${reason}. It was left as it is.`, { file, reason }, { next: 'Put the folder back from a backup, or delete the checkpoint.' })
}

/** What is missing of its disks, firmware, kernel and discs; null where all is there. Its RAM is `findMissingRam`'s: without that its disks can be used. */
export async function findMissing(names: MachineFolderNames, record: CheckpointRecord): Promise<string | null> {
  const own = checkpointFolderNames(names, record.id)
  const files = [
    ...Object.entries(record.disks).flatMap(([disk, chain]) => chain.map((file) => join(diskFolder(names, disk), file))),
    ...(record.hasNvram ? [own.nvram] : []),
    ...(record.hasTpm ? [own.tpm] : []),
    ...directBootFiles(own, record.config),
    ...record.config.cdroms.flatMap(({ id, image }) => (image === null ? [] : [cdromPath(own, id)])),
  ]
  return firstMissing(files)
}

/** What is missing of its RAM and its devices' state; null where all is there, or where it has none. */
export async function findMissingRam(names: MachineFolderNames, { id, kind, ram }: CheckpointRecord): Promise<string | null> {
  if (kind !== 'ram') return null
  const layers = (ram?.layers ?? []).flatMap((layer) => {
    const { data, index } = ramLayerFiles(names.ram, layer)
    return [data, index]
  })
  return firstMissing([checkpointFolderNames(names, id).state, ...layers])
}

/** None of these files is ever empty, except after a power cut. */
async function firstMissing(files: readonly string[]): Promise<string | null> {
  const missing = await Promise.all(files.map((file) => stat(file).then((stats) => (stats.isFile() && stats.size === 0 ? file : null), () => file)))
  const first = missing.find((file) => file !== null)
  return first === undefined ? null : `${first} is missing.`
}

/** Writes the document of a checkpoint, by default where it is on record. */
export async function writeCheckpoint(names: MachineFolderNames, record: CheckpointRecord, aside = false): Promise<void> {
  await writeDocument(checkpointFolderNames(names, record.id, aside).document, checkpointDocument, { format: 'mayfly-checkpoint', version: 1, ...record })
}

/** An empty folder for a checkpoint that is being made. */
export async function makeAside(names: MachineFolderNames, id: CheckpointId): Promise<void> {
  const { folder } = checkpointFolderNames(names, id, true)
  await makePrivateFolder(names.checkpoints)
  await rm(folder, { recursive: true, force: true })
  await makePrivateFolder(folder)
}

/** Puts a checkpoint that was made aside on record. Done already: nothing to do. */
export async function putOnRecord(names: MachineFolderNames, id: CheckpointId): Promise<void> {
  const aside = checkpointFolderNames(names, id, true)
  try {
    await syncPath(aside.folder)
    await rename(aside.folder, checkpointFolderNames(names, id).folder)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw await describeWriteFailure(aside.folder, error)
    await stat(checkpointFolderNames(names, id).document)
    return
  }
  await syncPath(names.checkpoints)
}

/** Whether a checkpoint has come to its place. */
export async function isOnRecord(names: MachineFolderNames, id: CheckpointId): Promise<boolean> {
  return stat(checkpointFolderNames(names, id).folder).then(() => true, () => false)
}

export async function dropAside(names: MachineFolderNames, id: CheckpointId): Promise<void> {
  await rm(checkpointFolderNames(names, id, true).folder, { recursive: true, force: true })
}

/** Takes a checkpoint off the record in one step, then removes its folder. Its layers are left to the garbage collection. */
export async function removeCheckpoint(names: MachineFolderNames, id: CheckpointId): Promise<void> {
  const goes = join(names.checkpoints, `.${id}.gone`)
  await rm(goes, { recursive: true, force: true })
  await rename(checkpointFolderNames(names, id).folder, goes).catch(ignoreMissing)
  await syncPath(names.checkpoints)
  await rm(goes, { recursive: true, force: true })
}

/** Removes what an engine that was killed left of checkpoints it was making or removing. No journal may be open. */
export async function sweepCheckpoints(names: MachineFolderNames): Promise<void> {
  const found = await readdir(names.checkpoints).catch(() => [])
  await Promise.all(found.filter((name) => /^\.[a-z0-9]{12}\.(new|gone)$/.test(name)).map((name) => rm(join(names.checkpoints, name), { recursive: true, force: true })))
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
