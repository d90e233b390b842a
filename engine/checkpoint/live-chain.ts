/** The layers a running QEMU has open, as it says itself. */
import { basename } from 'node:path'
import { isMayflyError } from '../../contract/errors.ts'
import type { DeviceId } from '../../contract/ids.ts'
import { layerFiles } from '../machine/live-disks.ts'
import type { QmpClient } from '../qemu/qmp/qmp-client.ts'
import type { BlockStats } from '../qemu/qmp/qmp.generated.ts'

/** File names of a disk's layers, the active one first; none where it has no such disk. */
export async function liveChain(qmp: QmpClient, disk: DeviceId): Promise<string[]> {
  // Of all that tell of a chain these figures alone name its nodes.
  const [devices, files] = await Promise.all([qmp.execute('query-blockstats'), layerFiles(qmp)])
  const chain: string[] = []
  let node: BlockStats | undefined = devices.find((device) => device['node-name']?.startsWith(`${disk}-format`) === true)
  for (; node !== undefined; node = node.backing) {
    const file = files.get(node['node-name'] ?? '')
    if (file !== undefined) chain.push(basename(file))
  }
  return chain
}

/** By file name, the node that understands its format. */
export async function formatNodes(qmp: QmpClient, disk: DeviceId): Promise<ReadonlyMap<string, string>> {
  return new Map([...(await layerFiles(qmp))].flatMap(([node, file]) => (node.startsWith(`${disk}-format`) ? [[basename(file), node]] : [])))
}

/** Lets go of the nodes of files that nothing uses any more, formats before what they stand on. */
export async function removeNodes(qmp: QmpClient, files: readonly string[]): Promise<void> {
  const gone = [...(await layerFiles(qmp))].filter(([, file]) => files.includes(file)).map(([node]) => node)
  for (const node of [...gone, ...gone.map((format) => format.replace('-format', '-storage'))]) {
    await qmp.execute('blockdev-del', { 'node-name': node }).catch((error: unknown) => {
      if (!isMayflyError(error, 'qmp-failed')) throw error
    })
  }
}
