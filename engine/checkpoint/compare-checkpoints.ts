/** What differs between two checkpoints of a machine. */
import { join } from 'node:path'
import type { CheckpointDiff } from '../../contract/checkpoint.ts'
import type { CheckpointRef, DeviceId } from '../../contract/ids.ts'
import { describeChanges } from '../devices/describe-changes.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { forEachCluster } from '../qemu/img/own-layer.ts'
import { diskFolder } from '../storage/names.ts'
import type { CheckpointRecord } from './checkpoint-document.ts'
import { findCheckpoint } from './find-checkpoint.ts'

/** The unit in which changes of a disk are counted: QEMU's own cluster. */
const blockBytes = 64 * 1024

/** Throws `not-found`, `storage-corrupt` where a layer is missing. */
export async function compareCheckpoints(core: MachineCore, refA: CheckpointRef, refB: CheckpointRef): Promise<CheckpointDiff> {
  const [a, b] = [await findCheckpoint(core, refA), await findCheckpoint(core, refB)]
  const disks = [...new Set([...Object.keys(a.disks), ...Object.keys(b.disks)])].sort()
  return {
    disks: await Promise.all(disks.map(async (disk) => ({ disk, ...(await changedOnDisk(core, disk, a, b)) }))),
    hardware: describeChanges(a.config, b.config).map(({ field, now, next }) => ({ field, a: now, b: next })),
    packages: comparePackages(a.packages, b.packages),
  }
}

/** Blocks that were written in the layers the two do not share. A block that was written back to what it was counts too. */
async function changedOnDisk(core: MachineCore, disk: DeviceId, a: CheckpointRecord, b: CheckpointRecord): Promise<{ changedBytes: number; changedBlocks: number }> {
  const [chainA, chainB] = [a.disks[disk] ?? [], b.disks[disk] ?? []]
  const apart = [...chainA.filter((file) => !chainB.includes(file)), ...chainB.filter((file) => !chainA.includes(file))]
  const blocks = new BlockSet()
  for (const file of apart) {
    await forEachCluster(join(diskFolder(core.names, disk), file), (offset, length) => {
      for (let block = Math.floor(offset / blockBytes); block * blockBytes < offset + length; block++) blocks.add(block)
    })
  }
  return { changedBlocks: blocks.size, changedBytes: blocks.size * blockBytes }
}

/** A bit a block: 2 MiB for a disk of a TiB. */
class BlockSet {
  #bits = new Uint8Array(1024)
  size = 0

  add(block: number): void {
    const [byte, bit] = [Math.floor(block / 8), 1 << (block % 8)]
    if (byte >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(byte + 1, this.#bits.length * 2))
      grown.set(this.#bits)
      this.#bits = grown
    }
    const before = this.#bits[byte] ?? 0
    if ((before & bit) !== 0) return
    this.#bits[byte] = before | bit
    this.size++
  }
}

type Packages = CheckpointRecord['packages']

export function comparePackages(a: Packages, b: Packages): CheckpointDiff['packages'] {
  if (a === null || b === null) return null
  const [before, after] = [new Map(Object.entries(a)), new Map(Object.entries(b))]
  return {
    added: [...after.keys()].filter((name) => !before.has(name)).sort(),
    removed: [...before.keys()].filter((name) => !after.has(name)).sort(),
    changed: [...before].flatMap(([name, version]) => {
      const now = after.get(name)
      return now === undefined || now === version ? [] : [{ name, a: version, b: now }]
    }).sort((one, other) => (one.name < other.name ? -1 : 1)),
  }
}
