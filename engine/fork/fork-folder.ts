/**
 * A fork's folder: its parent's frozen layers by hard link, an empty layer of its own on each, and
 * documents. Nothing here waits for the disk; `settleFolder` does so afterwards.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import type { DeviceId, MachineId } from '../../contract/ids.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { type Belongings, linkMedia } from '../checkpoint/belongings.ts'
import { linkOrCopy } from '../images/link-or-copy.ts'
import { hardwareDocument } from '../machine/hardware-document.ts'
import { type Layers, layersDocument, newLayerFile } from '../machine/layers.ts'
import type { StoredMachine } from '../machine/machine-core.ts'
import { type Life, lifeDocument, machineDocument } from '../machine/machine-documents.ts'
import type { Hardware } from '../qemu/argv/hardware.ts'
import { writeEmptyOverlay } from '../qemu/img/empty-overlay.ts'
import { describeWriteFailure, syncPath } from '../storage/atomic-file.ts'
import type { DocumentKind } from '../storage/document.ts'
import { diskFolder, machineFolderNames, type MachineFolderNames } from '../storage/names.ts'

export interface ForkFolder {
  readonly id: MachineId
  readonly folder: string
  readonly config: MachineConfig
  /** Null where the parent was never started. */
  readonly hardware: Hardware | null
  readonly life: Life
  /** Where the layers lie. */
  readonly parent: MachineFolderNames
  /** The parent's chains; each of their files is frozen, or will be before the fork starts. */
  readonly layers: Layers
  /** By disk: how large the guest sees it. */
  readonly sizes: Readonly<Record<DeviceId, number>>
  /** Kernel and discs to be shared. */
  readonly media: Belongings
  /** What else belongs into it. */
  readonly fill?: ((names: MachineFolderNames) => Promise<void>) | undefined
}

/** Makes the folder. Throws `no-space`; what was made so far is then the caller's to remove. */
export async function makeForkFolder(fork: ForkFolder): Promise<StoredMachine> {
  const names = machineFolderNames(fork.folder)
  const createdAt = new Date().toISOString()
  const { config, hardware, life } = fork
  try {
    await mkdir(fork.folder, { mode: 0o700 })
    await Promise.all([mkdir(names.logs, { mode: 0o700 }), mkdir(names.disks, { mode: 0o700 })])
    const chains = Object.fromEntries(Object.entries(fork.layers).map(([disk, chain]) => [disk, [...chain, newLayerFile()]]))
    await Promise.all([
      ...Object.entries(chains).map(([disk, chain]) => placeLayers(fork, names, disk, chain)),
      linkMedia(fork.media, names),
      fork.fill?.(names),
      place(names.layers, layersDocument, { format: 'mayfly-disks', version: 1, disks: chains, parent: null }),
      place(names.life, lifeDocument, { format: 'mayfly-life', version: 1, ...life }),
      ...(hardware === null ? [] : [place(names.hardware, hardwareDocument, hardware)]),
      place(names.machine, machineDocument, { format: 'mayfly-machine', version: 1, id: fork.id, createdAt, config }),
      writeFile(names.eventLog, `${createdAt} created: ${JSON.stringify(config.name)} was forked from ${JSON.stringify(life.origin?.machineName ?? '')}.\n`, { mode: 0o600 }),
    ])
  } catch (error) {
    throw await describeWriteFailure(fork.folder, error)
  }
  return { config, createdAt, hardware, life, lastExit: null, run: null, checkpoints: 0, boots: [], broken: null }
}

async function placeLayers(fork: ForkFolder, names: MachineFolderNames, disk: DeviceId, chain: readonly string[]): Promise<void> {
  const folder = diskFolder(names, disk)
  await mkdir(folder, { mode: 0o700 })
  const frozen = chain.slice(0, -1)
  const [top, own] = [frozen.at(-1), chain.at(-1)]
  const sizeBytes = fork.sizes[disk]
  if (top === undefined || own === undefined || sizeBytes === undefined) throw new Error(`The disk ${disk} of a fork has no layer to stand on.`)
  await Promise.all([
    ...frozen.map((file) => linkOrCopy(join(diskFolder(fork.parent, disk), file), join(folder, file))),
    writeEmptyOverlay({ path: join(folder, own), sizeBytes, backing: top, sync: false }),
  ])
}

function place<S extends z.ZodType>(path: string, kind: DocumentKind<S>, document: z.output<S>): Promise<void> {
  return writeFile(path, `${JSON.stringify(kind.schema.parse(document), null, 2)}\n`, { mode: 0o600, flag: 'wx' })
}

/** Makes all of a folder outlast a power cut. Files that vanish meanwhile need nothing. */
export async function settleFolder(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) await syncPath(path).catch(ignoreMissing)
    else if (entry.isFile()) await syncPath(path).catch(ignoreMissing)
  }
  await syncPath(folder).catch(ignoreMissing)
  await syncPath(join(folder, '..'))
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
