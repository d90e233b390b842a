/**
 * Whose RAM on disk a machine's own may stand on besides its own checkpoints': those of the machines it was
 * forked from. A fork's pile begins with layers of theirs, under the same ids (docs/adr/0007), so what they have on disk
 * is linked instead of written again. They may be deleted at any time; what was linked stays.
 */
import { join } from 'node:path'
import type { MachineId } from '../../contract/ids.ts'
import { isMayflyError } from '../../contract/errors.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { lifeDocument } from '../machine/machine-documents.ts'
import { readDocument } from '../storage/document.ts'
import { machineFolderNames, type MachineFolderNames, machinesFolder } from '../storage/names.ts'
import type { CheckpointRecord } from './checkpoint-document.ts'
import { readCheckpoints } from './checkpoint-store.ts'

/** The checkpoints of one machine. */
export interface RamOwner {
  readonly names: MachineFolderNames
  readonly checkpoints: readonly CheckpointRecord[]
}

/** Of forks of forks no more are looked at. */
const mostForebears = 8

/** The machine itself, then those it comes from, nearest first. One that is gone or cannot be read ends the row. */
export async function ramOwners(core: MachineCore): Promise<RamOwner[]> {
  const owners: RamOwner[] = [await ownerOf(core.names)]
  let forebear = core.stored.life.origin?.machine
  while (forebear !== undefined && owners.length <= mostForebears) {
    const names = machineFolderNames(join(machinesFolder(core.context.folders), forebear))
    owners.push(await ownerOf(names))
    forebear = await originOf(names)
  }
  return owners
}

async function ownerOf(names: MachineFolderNames): Promise<RamOwner> {
  return { names, checkpoints: (await readCheckpoints(names)).sound }
}

async function originOf(names: MachineFolderNames): Promise<MachineId | undefined> {
  try {
    return (await readDocument(names.life, lifeDocument)).origin?.machine
  } catch (error) {
    if (isMayflyError(error)) return undefined
    throw error
  }
}
