/**
 * Removes layers that nobody of the machine names any more. What others share by hard link stays
 * theirs. While a checkpoint cannot be read, or an act is under way, nothing is garbage.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceId } from '../../contract/ids.ts'
import { type Layers, readPresent, writeLayers } from '../machine/layers.ts'
import { diskFolder, type MachineFolderNames } from '../storage/names.ts'
import { readCheckpoints, type StoredCheckpoints } from './checkpoint-store.ts'
import { readJournal } from './journal.ts'
import { namedLayers } from './layer-tree.ts'

/** Also a copy that was not made to its end (`fork/promote.ts`). */
const layerFile = /^[a-z0-9]{12}\.qcow2(?:\.new)?$/
/** Also what was not written to its end. */
const ramFile = /^(?:([a-z0-9]{12})\.(?:ram|index)|\..+\.tmp|[a-z0-9]{12}\.(?:ram|index)\.new)$/

/** The caller holds the machine's layers. Answers how many files went. */
export async function collectGarbage(names: MachineFolderNames): Promise<number> {
  if ((await readJournal(names)) !== null) return 0
  const stored = await readCheckpoints(names)
  if (stored.broken.length > 0) return 0
  const present = await readPresent(names)
  return (await collectDisks(names, [present.disks, ...stored.sound.map(({ disks }) => disks)])) + (await collectRam(names, stored))
}

async function collectDisks(names: MachineFolderNames, points: readonly Layers[]): Promise<number> {
  let removed = 0
  for (const disk of await list(names.disks)) {
    const named = namedLayers(points, disk)
    const folder = diskFolder(names, disk)
    for (const file of await list(folder)) {
      if (!layerFile.test(file) || named.has(file)) continue
      await rm(join(folder, file), { force: true })
      removed++
    }
    if (named.size === 0) await rm(folder, { recursive: true, force: true })
  }
  return removed
}

async function collectRam(names: MachineFolderNames, { sound }: StoredCheckpoints): Promise<number> {
  const named = new Set(sound.flatMap(({ ram }) => ram?.layers ?? []))
  let removed = 0
  for (const file of await list(names.ram)) {
    const match = ramFile.exec(file)
    if (match === null || (match[1] !== undefined && named.has(match[1]))) continue
    await rm(join(names.ram, file), { force: true })
    removed++
  }
  return removed
}

/** Takes a disk off the present's record, then removes those of its layers that no checkpoint names. In this order: layers nobody names are harmless, named layers that are gone are not. */
export async function discardDisk(names: MachineFolderNames, disk: DeviceId): Promise<void> {
  const { disks: { [disk]: discarded, ...rest } } = await readPresent(names)
  if (discarded !== undefined) await writeLayers(names, rest)
  await collectGarbage(names)
}

async function list(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}
