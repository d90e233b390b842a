/**
 * A disk is a chain of layers, qcow2 files in `disks/<disk>/`. The last one is active and has one
 * writer; the others are frozen: mode 0444, never written again, perhaps shared with an image or
 * another machine by hard link. disks.json says the order, base first, so that no header of an
 * image ever decides which file is opened.
 */
import { rm, stat } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { checkpointIdSchema, type CheckpointId, deviceIdSchema, type DeviceId } from '../../contract/ids.ts'
import { MayflyError } from '../../contract/errors.ts'
import type { DiskLayer } from '../qemu/argv/machine-paths.ts'
import { makePrivateFolder } from '../storage/atomic-file.ts'
import { type DocumentKind, readDocument, writeDocument } from '../storage/document.ts'
import { diskFolder, type MachineFolderNames } from '../storage/names.ts'

const layerFileSchema = z.string().regex(/^[a-z0-9]{12}\.qcow2$/)
const mostLayers = 64
/** By disk: its layers' file names, base first, the topmost last. */
export const layersSchema = z.record(deviceIdSchema, z.array(layerFileSchema).min(1).max(mostLayers))

export const layersDocument = {
  format: 'mayfly-disks',
  version: 1,
  schema: z.strictObject({
    format: z.literal('mayfly-disks'),
    version: z.literal(1),
    /** The last layer of each is active. */
    disks: layersSchema,
    /** The checkpoint the present grew from. It stands here, so that chains and parent change together. */
    parent: checkpointIdSchema.nullable().default(null),
  }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>
export type Layers = z.infer<typeof layersSchema>

/** Where a machine stands: the layers of its disks, and the checkpoint they grew from. */
export interface Present {
  readonly disks: Layers
  readonly parent: CheckpointId | null
}

/** Throws `storage-corrupt` or `schema-too-new`; no disks where the machine has none yet. */
export async function readPresent(names: MachineFolderNames): Promise<Present> {
  try {
    const { disks, parent } = await readDocument(names.layers, layersDocument)
    return { disks, parent }
  } catch (error) {
    if (error instanceof MayflyError && error.code === 'not-found') return { disks: {}, parent: null }
    throw error
  }
}

/** The layers of all disks. Throws as `readPresent`. */
export async function readLayers(names: MachineFolderNames): Promise<Layers> {
  return (await readPresent(names)).disks
}

/** Replaces the chains of all disks, and with `parent` the checkpoint they grew from. */
export async function writeLayers(names: MachineFolderNames, disks: Layers, parent?: CheckpointId | null): Promise<void> {
  await writeDocument(names.layers, layersDocument, { format: 'mayfly-disks', version: 1, disks, parent: parent === undefined ? (await readPresent(names)).parent : parent })
}

/** Throws `conflict` where a chain is so deep that nothing more can be put on it: making it shorter has failed again and again. */
export function assertRoomOnTop(name: string, layers: Layers): void {
  const [deep] = Object.entries(layers).find(([, chain]) => chain.length >= mostLayers) ?? []
  if (deep === undefined) return
  throw new MayflyError('conflict', `${deep} of ${name} has ${mostLayers} layers, and no more can be put on top. Nothing was changed.`, { state: `${mostLayers} layers`, allowed: [] }, { next: 'Delete checkpoints of the machine, or make it independent: mayfly promote. If that fails, its message says why the layers cannot be merged.' })
}

/** A new layer's file name. It says nothing: order and meaning stand in disks.json. */
export function newLayerFile(): string {
  // Base 36 of 64 random bits, cut to twelve characters.
  return `${BigInt(`0x${randomBytes(8).toString('hex')}`).toString(36).padStart(12, '0').slice(-12)}.qcow2`
}

/** A disk's layers as QEMU is given them. Throws `storage-corrupt` where a file is missing. */
export async function layerPaths(names: MachineFolderNames, disk: DeviceId, layers: Layers): Promise<DiskLayer[]> {
  const files = layers[disk]
  if (files === undefined) throw new MayflyError('storage-corrupt', `The layers of ${disk} are not on record in ${names.layers}.`, { file: names.layers, reason: `${disk} is missing` })
  const paths = files.map((file) => join(diskFolder(names, disk), file))
  for (const path of paths) {
    await stat(path).catch((cause: unknown) => {
      throw new MayflyError('storage-corrupt', `The layer ${path} of ${disk} is missing. Nothing was changed.`, { file: path, reason: 'it is missing' }, { cause, next: 'Put the file back from a backup.' })
    })
  }
  return paths.map((path) => ({ path, format: 'qcow2' as const }))
}

/** Space a disk takes on the host. */
export async function measureLayers(names: MachineFolderNames, disk: DeviceId, layers: Layers): Promise<{ allocatedBytes: number; sharedBytes: number }> {
  let allocatedBytes = 0
  let sharedBytes = 0
  for (const file of layers[disk] ?? []) {
    const stats = await stat(join(diskFolder(names, disk), file)).catch(() => null)
    if (stats === null) continue
    const bytes = stats.blocks * 512
    allocatedBytes += bytes
    if (stats.nlink > 1) sharedBytes += bytes
  }
  return { allocatedBytes, sharedBytes }
}

/** Makes the folder of a disk that has none yet. */
export async function makeDiskFolder(names: MachineFolderNames, disk: DeviceId): Promise<string> {
  const folder = diskFolder(names, disk)
  await makePrivateFolder(folder)
  return folder
}

/** Removes a disk's folder with all its layers. */
export async function removeDiskFolder(names: MachineFolderNames, disk: DeviceId): Promise<void> {
  await rm(diskFolder(names, disk), { recursive: true, force: true })
}
