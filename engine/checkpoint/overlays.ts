/** New layers on top of frozen ones, for all disks of a machine at once. */
import { chmod, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceId } from '../../contract/ids.ts'
import { type Layers, newLayerFile } from '../machine/layers.ts'
import { writeEmptyOverlay } from '../qemu/img/empty-overlay.ts'
import { readVirtualBytes } from '../qemu/img/own-layer.ts'
import { diskFolder, type MachineFolderNames } from '../storage/names.ts'

/** By disk: the new layer's file name. */
export type Overlays = Readonly<Record<DeviceId, string>>

/** Chooses a name for a layer on each chain. */
export function nameOverlays(chains: Layers): Overlays {
  return Object.fromEntries(Object.keys(chains).map((disk) => [disk, newLayerFile()]))
}

/** The chains with their new layers on top. */
export function onTop(chains: Layers, overlays: Overlays): Layers {
  return Object.fromEntries(Object.entries(chains).map(([disk, chain]) => {
    const overlay = overlays[disk]
    return [disk, overlay === undefined || chain.includes(overlay) ? chain : [...chain, overlay]]
  }))
}

/** Makes the empty layers, as large as what they stand on. */
export async function makeOverlays(names: MachineFolderNames, chains: Layers, overlays: Overlays): Promise<void> {
  await Promise.all(Object.entries(overlays).map(async ([disk, file]) => {
    const tip = chains[disk]?.at(-1)
    if (tip === undefined) return
    const folder = diskFolder(names, disk)
    await writeEmptyOverlay({ path: join(folder, file), sizeBytes: await readVirtualBytes(join(folder, tip)), backing: tip })
  }))
}

/** Removes layers that nothing was written to. */
export async function dropOverlays(names: MachineFolderNames, overlays: Overlays): Promise<void> {
  await Promise.all(Object.entries(overlays).map(([disk, file]) => rm(join(diskFolder(names, disk), file), { force: true })))
}

/** Sets the mode of the topmost layers: frozen ones cannot be opened for writing by an ordinary user. */
export async function setTips(names: MachineFolderNames, chains: Layers, mode: 0o444 | 0o600): Promise<void> {
  await Promise.all(Object.entries(chains).map(async ([disk, chain]) => {
    const tip = chain.at(-1)
    if (tip !== undefined) await chmod(join(diskFolder(names, disk), tip), mode)
  }))
}
