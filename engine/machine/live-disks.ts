/**
 * Which block node each disk of a running machine writes to. A layer put on top, and a merge, change
 * it, so QEMU is asked; our documents say which file it should be.
 */
import { basename } from 'node:path'
import { z } from 'zod'
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

const describedImage = z.object({ file: z.object({ filename: z.string() }) })

/** The file an image lies in. QEMU describes an image whose layers were given node by node as `json:{...}`. */
export function imageFile(filename: string): string {
  if (!filename.startsWith('json:')) return filename
  const described = describedImage.safeParse(JSON.parse(filename.slice('json:'.length)))
  return described.success ? described.data.file.filename : filename
}

/** By disk. Drives without a medium, and what is no disk of ours, are left out. Throws `qmp-failed`, `qmp-interrupted`, `timeout`. */
export async function liveDisks(qmp: QmpClient): Promise<ReadonlyMap<DeviceId, LiveDisk>> {
  const [blocks, nodes] = await Promise.all([qmp.execute('query-block'), qmp.execute('query-named-block-nodes', { flat: true })])
  const highest = new Map<string, number>()
  for (const { 'node-name': name } of nodes) {
    const numbered = /^([a-z]+[0-9]+)-(?:storage|format)-([0-9]+)$/.exec(name ?? '')
    if (numbered?.[1] !== undefined) highest.set(numbered[1], Math.max(highest.get(numbered[1]) ?? 0, Number(numbered[2])))
  }
  const disks = new Map<DeviceId, LiveDisk>()
  for (const { inserted } of blocks) {
    const node = inserted?.['node-name']
    const id = /^(disk[0-9]+)-format/.exec(node ?? '')?.[1]
    if (inserted === undefined || node === undefined || id === undefined) continue
    disks.set(id, { node, file: basename(imageFile(inserted.image.filename)), sizeBytes: inserted.image['virtual-size'], freeNumber: (highest.get(id) ?? 0) + 1 })
  }
  return disks
}
