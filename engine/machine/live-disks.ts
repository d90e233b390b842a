/**
 * Which block node each disk of a running machine writes to. A layer put on top, and a merge, change
 * it, so QEMU is asked; our documents say which file it should be.
 */
import { basename } from 'node:path'
import type { DeviceId } from '../../contract/ids.ts'
import type { QmpClient } from '../qemu/qmp/qmp-client.ts'

export interface LiveDisk {
  /** The node in front: the format of its active layer. */
  readonly node: string
  /** File name of the active layer. */
  readonly file: string
  /** As the guest sees it. */
  readonly sizeBytes: number
  /** A number that no node of this disk has. */
  readonly freeNumber: number
}

/**
 * By the node that understands a layer's format, the layer's file. QEMU calls such a node by the whole chain it stands on, as JSON that it cuts
 * at 4095 bytes (`BlockDriverState.filename`): a chain of some fifteen layers. What only reads and writes a file has the file's own name.
 */
export async function layerFiles(qmp: QmpClient): Promise<ReadonlyMap<string, string>> {
  const nodes = await qmp.execute('query-named-block-nodes', { flat: true })
  return new Map(nodes.flatMap(({ 'node-name': name, file }) => {
    const numbered = /^(disk[0-9]+)-storage((?:-[0-9]+)?)$/.exec(name ?? '')
    return numbered === null ? [] : [[`${numbered[1] ?? ''}-format${numbered[2] ?? ''}`, file]]
  }))
}

/** By disk. Drives without a medium, and what is no disk of ours, are left out. Throws `qmp-failed`, `qmp-interrupted`, `timeout`. */
export async function liveDisks(qmp: QmpClient): Promise<ReadonlyMap<DeviceId, LiveDisk>> {
  const [blocks, files] = await Promise.all([qmp.execute('query-block'), layerFiles(qmp)])
  const highest = new Map<string, number>()
  for (const name of files.keys()) {
    const numbered = /^(disk[0-9]+)-format-([0-9]+)$/.exec(name)
    if (numbered?.[1] !== undefined) highest.set(numbered[1], Math.max(highest.get(numbered[1]) ?? 0, Number(numbered[2])))
  }
  const disks = new Map<DeviceId, LiveDisk>()
  for (const { inserted } of blocks) {
    const node = inserted?.['node-name']
    const id = /^(disk[0-9]+)-format/.exec(node ?? '')?.[1]
    if (inserted === undefined || node === undefined || id === undefined) continue
    disks.set(id, { node, file: basename(files.get(node) ?? ''), sizeBytes: inserted.image['virtual-size'], freeNumber: (highest.get(id) ?? 0) + 1 })
  }
  return disks
}
