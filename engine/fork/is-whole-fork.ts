/** Whether all of a fork reached the disk before a power cut. Nothing of it was waited for, so each file may be missing, empty, or full of zeroes. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMayflyError } from '../../contract/errors.ts'
import type { MachineId } from '../../contract/ids.ts'
import { readLayers } from '../machine/layers.ts'
import { readMachine } from '../machine/read-machine.ts'
import { isWritten } from '../qemu/img/own-layer.ts'
import { diskFolder, machineFolderNames, type MachineFolderNames } from '../storage/names.ts'

/** Its documents can be read, its layers and UEFI variables opened, and its TPM has a state. */
export async function isWholeFork(folder: string, id: MachineId): Promise<boolean> {
  const { config, broken } = await readMachine(folder, id)
  if (config === null || broken !== null) return false
  const names = machineFolderNames(folder)
  try {
    const layers = await readLayers(names)
    const chains = config.disks.map((disk) => (layers[disk.id] ?? []).map((file) => join(diskFolder(names, disk.id), file)))
    if (chains.some((chain) => chain.length === 0)) return false
    const isThere = await Promise.all(chains.flat().map(isWritten))
    return isThere.every(Boolean) && (await hasFirmwareState(names))
  } catch (error) {
    if (isMayflyError(error)) return false
    throw error
  }
}

/** Variables that are not there are made at the start; ones that cannot be read are not. */
async function hasFirmwareState(names: MachineFolderNames): Promise<boolean> {
  if ((await isFile(names.nvram)) && !(await isWritten(names.nvram))) return false
  const states = await readdir(names.tpm).catch(() => [])
  const sizes = await Promise.all(states.filter((name) => name.endsWith('.permall')).map(async (name) => (await stat(join(names.tpm, name))).size))
  return sizes.every((size) => size > 0)
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then((stats) => stats.isFile(), () => false)
}
