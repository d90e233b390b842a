/** Deleted machines rest in a trash until it is emptied. A machine moves there and back as a whole, by one rename. */
import { randomBytes } from 'node:crypto'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { MayflyError } from '../../contract/errors.ts'
import { machineIdSchema, type MachineId } from '../../contract/ids.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import type { trashEntrySchema } from '../../contract/procedures/trash.ts'
import { makePrivateFolder, syncPath } from '../storage/atomic-file.ts'
import { type Folders } from '../storage/folders.ts'
import { machinesFolder, trashFolder } from '../storage/names.ts'
import type { MachineCore } from './machine-core.ts'
import type { Machines } from './machines.ts'
import { processOfBroken, stop } from './power.ts'
import { readMachine } from './read-machine.ts'

export type TrashEntry = z.infer<typeof trashEntrySchema>

/** Names in the trash carry the time, so that one machine can come here twice: `<id>.<milliseconds>`. */
const entryName = /^([a-z][a-z0-9]{11})\.([0-9]{1,16})$/

interface Found extends TrashEntry {
  readonly folder: string
}

/** Puts a machine in the trash. With force it is switched off first; without, it must be off. A throwaway that ran deletes itself for good as it is switched off. */
export async function putInTrash(core: MachineCore, machines: Machines, force: boolean): Promise<{ id: MachineId; name: string }> {
  const { id, name } = core
  // A start may be queued before us and not have begun.
  if (force) await stop(core, { force })
  await core.queue.run(async () => {
    // Whoever wanted it gone has what was wanted.
    if (force && core.stored.life.throwaway && !machines.has(id)) return
    if (hasProcess(core.state)) {
      throw new MayflyError('conflict', `${name} is ${core.state}. It was not deleted.`, { state: core.state, allowed: ['stopped', 'crashed', 'broken'] }, { next: 'Stop it first, or delete it with --force.' })
    }
    core.require('deleted', ['stopped', 'crashed', 'broken'])
    const living = core.state === 'broken' ? await processOfBroken(core) : null
    if (living !== null) {
      throw new MayflyError('conflict', `${name} is broken, but its guest still runs (process ${living.pid}). It was not deleted.`, { state: 'broken', allowed: ['stopped', 'crashed', 'broken'] }, { next: 'Shut the guest down from inside, or delete it with --force.' })
    }
    const root = trashFolder(core.context.folders)
    await makePrivateFolder(root)
    await machines.release(core, join(root, `${id}.${Date.now()}`))
  })
  return { id, name }
}

/** What is in the trash, latest first. */
export async function listTrash(folders: Folders): Promise<TrashEntry[]> {
  return (await findAll(folders)).map(({ folder: _folder, ...entry }) => entry)
}

/** Takes a machine out of the trash. Throws `conflict` where its name has been given to another. */
export async function restoreFromTrash(folders: Folders, machines: Machines, ref: string): Promise<MachineCore> {
  const entry = await find(folders, ref)
  if (machines.has(entry.id)) {
    throw new MayflyError('conflict', `A machine with the id ${entry.id} is in the list already. Nothing was restored.`, { state: 'taken', allowed: [] }, { next: 'Delete that one first, or clone it and then delete it.' })
  }
  const unreserve = machines.reserveName(entry.name)
  try {
    const root = machinesFolder(folders)
    await rename(entry.folder, join(root, entry.id))
    await Promise.all([syncPath(root), syncPath(trashFolder(folders))])
    const core = await machines.admit(entry.id)
    // It may have been put away, or come from elsewhere, with an act half done.
    if (core.state !== 'broken') await core.queue.run(() => core.context.answersAgain(core.id))
    return core
  } finally {
    unreserve()
  }
}

/** Removes what an engine that was killed while emptying the trash left of it. */
export async function sweepTrash(folders: Folders): Promise<void> {
  const root = trashFolder(folders)
  const names = await readdir(root).catch(() => [])
  await Promise.all(names.filter((name) => /^\.[a-z0-9]{12}\.[0-9a-f]{8}\.gone$/.test(name)).map((name) => rm(join(root, name), { recursive: true, force: true })))
}

/** Deletes one entry, or all, for good. Answers with what is gone. */
export async function emptyTrash(folders: Folders, ref: string | undefined): Promise<TrashEntry[]> {
  const entries = ref === undefined ? await findAll(folders) : [await find(folders, ref)]
  for (const entry of entries) {
    // Out of sight in one step: a machine of which only a part is gone is nothing to restore.
    const goes = join(trashFolder(folders), `.${entry.id}.${randomBytes(4).toString('hex')}.gone`)
    await rename(entry.folder, goes)
    await rm(goes, { recursive: true, force: true })
  }
  return entries.map(({ folder: _folder, ...entry }) => entry)
}

async function find(folders: Folders, ref: string): Promise<Found> {
  const entries = await findAll(folders)
  const byName = entries.filter((entry) => entry.name === ref || entry.id === ref)
  const found = byName.length > 0 ? byName : entries.filter((entry) => entry.id.startsWith(ref))
  const [first] = found
  if (first === undefined) throw new MayflyError('not-found', `There is no ${ref} in the trash.`, { kind: 'machine in the trash', ref }, { next: 'mayfly trash list shows what is there.' })
  if (new Set(found.map((entry) => entry.id)).size > 1) {
    throw new MayflyError('invalid-input', `${ref} could mean several machines in the trash.`, { issues: [{ path: 'machine', message: `Type the id: ${found.map((entry) => entry.id).join(', ')}` }] })
  }
  return first
}

async function findAll(folders: Folders): Promise<Found[]> {
  const root = trashFolder(folders)
  const names = await readdir(root).catch(() => [])
  const entries = await Promise.all(
    names.map(async (fileName): Promise<Found[]> => {
      const match = entryName.exec(fileName)
      const id = machineIdSchema.safeParse(match?.[1])
      if (!id.success) return []
      const folder = join(root, fileName)
      const stored = await readMachine(folder, id.data)
      return [{ id: id.data, name: stored.config?.name ?? id.data, deletedAt: new Date(Number(match?.[2])).toISOString(), sizeBytes: await allocatedBytes(folder), folder }]
    }),
  )
  return entries.flat().sort((a, b) => (a.deletedAt < b.deletedAt ? 1 : -1))
}

/** Bytes that removing the folder would free: files shared by hard link stay with their other owners. */
async function allocatedBytes(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const stats = await stat(join(entry.parentPath, entry.name)).catch(() => null)
    if (stats !== null && stats.nlink === 1) bytes += stats.blocks * 512
  }
  return bytes
}
