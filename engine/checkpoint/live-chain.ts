/** The layers a running QEMU has open, as it says itself. */
import { basename } from 'node:path'
import { isMayflyError } from '../../contract/errors.ts'
import type { DeviceId } from '../../contract/ids.ts'
import { imageFile } from '../machine/live-disks.ts'
import type { QmpClient } from '../qemu/qmp/qmp-client.ts'

/** File names of a disk's layers, the active one first; none where it has no such disk. */
export async function liveChain(qmp: QmpClient, disk: DeviceId): Promise<string[]> {
  const blocks = await qmp.execute('query-block')
  const found = blocks.find(({ inserted }) => inserted?.['node-name']?.startsWith(`${disk}-format`) === true)
  const files: string[] = []
  for (let image = found?.inserted?.image; image !== undefined; image = image['backing-image']) files.push(basename(imageFile(image.filename)))
  return files
}

/** By file name, the node that understands its format. */
export async function formatNodes(qmp: QmpClient, disk: DeviceId): Promise<ReadonlyMap<string, string>> {
  const nodes = await qmp.execute('query-named-block-nodes', { flat: true })
  return new Map(nodes.flatMap(({ 'node-name': node, file }) => (node?.startsWith(`${disk}-format`) === true ? [[basename(imageFile(file)), node]] : [])))
}

/** Lets go of the nodes of files that nothing uses any more, formats before what they stand on. */
export async function removeNodes(qmp: QmpClient, files: readonly string[]): Promise<void> {
  const nodes = await qmp.execute('query-named-block-nodes', { flat: true })
  const gone = nodes.filter((node) => files.includes(imageFile(node.file))).sort((a, b) => Number(a.drv === 'file') - Number(b.drv === 'file'))
  for (const { 'node-name': node } of gone) {
    if (node === undefined) continue
    await qmp.execute('blockdev-del', { 'node-name': node }).catch((error: unknown) => {
      if (!isMayflyError(error, 'qmp-failed')) throw error
    })
  }
}
