/** Every layer but the one that is written to is read only: what an act that was interrupted left writable is protected again. */
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { readPresent } from '../machine/layers.ts'
import { diskFolder, type MachineFolderNames } from '../storage/names.ts'
import { readCheckpoints } from './checkpoint-store.ts'
import { allDisks, namedLayers } from './layer-tree.ts'

/** The caller holds the machine's layers; no merge is under way. */
export async function protectFrozen(names: MachineFolderNames): Promise<void> {
  const { disks } = await readPresent(names)
  const points = [disks, ...(await readCheckpoints(names)).sound.map((record) => record.disks)]
  for (const disk of allDisks(points)) {
    for (const file of namedLayers(points, disk)) {
      const path = join(diskFolder(names, disk), file)
      await chmod(path, disks[disk]?.at(-1) === file ? 0o600 : 0o444).catch(ignoreMissing)
    }
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
