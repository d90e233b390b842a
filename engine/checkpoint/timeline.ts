/** What a person is shown of a machine's checkpoints: their tree, their sizes, what stands against using them. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkpoint, Timeline } from '../../contract/checkpoint.ts'
import { MayflyError } from '../../contract/errors.ts'
import type { CheckpointRef } from '../../contract/ids.ts'
import { type Layers, type Present, readPresent } from '../machine/layers.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { ramBlockers } from '../machine/ram-blockers.ts'
import { checkpointFolderNames, diskFolder, type MachineFolderNames } from '../storage/names.ts'
import type { CheckpointRecord } from './checkpoint-document.ts'
import { type BrokenCheckpoint, findMissing, findMissingRam, readCheckpoints } from './checkpoint-store.ts'
import { findAnyCheckpoint, findCheckpoint } from './find-checkpoint.ts'
import { ramRefusal } from './ram-refusal.ts'
import { whoNeeds } from './who-needs.ts'

export async function readTimeline(core: MachineCore): Promise<Timeline> {
  const { sound, broken } = await readCheckpoints(core.names)
  const present = await readPresent(core.names)
  const sizes = await Sizes.measure(core.names, present, sound)
  return {
    checkpoints: [...(await Promise.all(sound.map((record) => describe(core, record, sizes)))), ...broken.map((one) => describeBroken(core, one))],
    present: { parent: present.parent, ownDiskBytes: sizes.ownOf(present.disks) },
    ramBlockers: ramBlockers(core),
  }
}

export async function showCheckpoint(core: MachineCore, ref: CheckpointRef): Promise<Checkpoint> {
  const found = await findAnyCheckpoint(core, ref)
  if ('reason' in found) return describeBroken(core, found)
  const { sound } = await readCheckpoints(core.names)
  return describe(core, found, await Sizes.measure(core.names, await readPresent(core.names), sound))
}

/** PNG bytes. Throws `not-found` where it has none. */
export async function readThumbnail(core: MachineCore, ref: CheckpointRef): Promise<Buffer> {
  const record = await findCheckpoint(core, ref)
  try {
    return await readFile(checkpointFolderNames(core.names, record.id).screen)
  } catch (cause) {
    throw new MayflyError('not-found', `${record.label} of ${core.name} has no picture of the screen.`, { kind: 'thumbnail', ref }, { cause })
  }
}

async function describe(core: MachineCore, record: CheckpointRecord, sizes: Sizes): Promise<Checkpoint> {
  return {
    id: record.id,
    machine: core.id,
    parent: record.parent,
    label: record.label,
    description: record.description,
    kind: record.kind,
    origin: record.origin,
    takenAt: record.takenAt,
    machineState: record.machineState,
    fileSystemsFrozen: record.fileSystemsFrozen,
    hasThumbnail: record.hasThumbnail,
    cpus: record.config.cpus,
    memoryMiB: record.config.memoryMiB,
    disks: Object.keys(record.disks),
    hasNvram: record.hasNvram,
    hasTpm: record.hasTpm,
    sizes: await sizes.of(record),
    neededBy: whoNeeds(core, record),
    madeWith: record.madeWith,
    ramRefused: record.kind === 'ram' ? ((await ramRefusal(core, record)) ?? (await findMissingRam(core.names, record))) : null,
    broken: await findMissing(core.names, record),
  }
}

function describeBroken(core: MachineCore, { id, reason, at }: BrokenCheckpoint): Checkpoint {
  return {
    id, machine: core.id, parent: null, label: id, description: '', kind: 'disks', origin: 'user', takenAt: at, machineState: 'stopped', fileSystemsFrozen: false, hasThumbnail: false,
    cpus: 0, memoryMiB: 0, disks: [], hasNvram: false, hasTpm: false, sizes: { ownDiskBytes: 0, ownRamBytes: 0, sharedBytes: 0 }, neededBy: [], madeWith: null, ramRefused: null, broken: reason,
  }
}

/** Bytes on the host of each layer, and how many points name it. */
class Sizes {
  readonly #names: MachineFolderNames
  readonly #bytes = new Map<string, { bytes: number; points: number; hasOtherOwners: boolean }>()

  private constructor(names: MachineFolderNames) {
    this.#names = names
  }

  static async measure(names: MachineFolderNames, present: Present, records: readonly CheckpointRecord[]): Promise<Sizes> {
    const sizes = new Sizes(names)
    const points = [diskKeys(present.disks), ...records.map((record) => [...diskKeys(record.disks), ...ramKeys(record)])]
    for (const key of points.flat()) {
      const known = sizes.#bytes.get(key) ?? { bytes: 0, points: 0, hasOtherOwners: false }
      sizes.#bytes.set(key, { ...known, points: known.points + 1 })
    }
    await Promise.all([...sizes.#bytes].map(async ([key, known]) => {
      const [kind, first = '', second = ''] = key.split('/')
      const file = kind === 'disk' ? join(diskFolder(names, first), second) : join(names.ram, `${first}.ram`)
      const stats = await stat(file).catch(() => null)
      if (stats !== null) sizes.#bytes.set(key, { ...known, bytes: stats.blocks * 512, hasOtherOwners: stats.nlink > 1 })
    }))
    return sizes
  }

  /** What only these chains have. */
  ownOf(chains: Layers): number {
    return this.#sum(diskKeys(chains)).own
  }

  async of(record: CheckpointRecord): Promise<Checkpoint['sizes']> {
    const disks = this.#sum(diskKeys(record.disks))
    const ram = this.#sum(ramKeys(record))
    const folder = checkpointFolderNames(this.#names, record.id)
    const state = await allocated([folder.state])
    const files = await readdir(folder.tpm).catch(() => [])
    return { ownDiskBytes: disks.own + (await allocated([folder.nvram, folder.screen, ...files.map((file) => join(folder.tpm, file))])), ownRamBytes: ram.own + state, sharedBytes: disks.shared + ram.shared }
  }

  #sum(keys: readonly string[]): { own: number; shared: number } {
    const sum = { own: 0, shared: 0 }
    for (const key of keys) {
      const { bytes = 0, points = 0, hasOtherOwners = false } = this.#bytes.get(key) ?? {}
      sum[points === 1 && !hasOtherOwners ? 'own' : 'shared'] += bytes
    }
    return sum
  }
}

const diskKeys = (chains: Layers): string[] => Object.entries(chains).flatMap(([disk, chain]) => chain.map((file) => `disk/${disk}/${file}`))
const ramKeys = (record: CheckpointRecord): string[] => (record.ram?.layers ?? []).map((id) => `ram/${id}`)

async function allocated(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map((file) => stat(file).then((stats) => stats.blocks * 512, () => 0)))
  return sizes.reduce((sum, bytes) => sum + bytes, 0)
}
