/** Reads a machine's folder. What cannot be used is reported with the machine, which stays listed; nothing is ever repaired by guessing. */
import { readdir } from 'node:fs/promises'
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import type { MachineId } from '../../contract/ids.ts'
import { type DocumentKind, readDocument } from '../storage/document.ts'
import { machineFolderNames } from '../storage/names.ts'
import type { z } from 'zod'
import { hardwareDocument } from './hardware-document.ts'
import { bootsDocument, lastExitDocument, lifeDocument, machineDocument, ordinaryLife, runDocument } from './machine-documents.ts'
import type { StoredMachine } from './machine-core.ts'

/** What is stored under `folder` for the machine `id`. Never throws for bad content. */
export async function readMachine(folder: string, id: MachineId): Promise<StoredMachine> {
  const names = machineFolderNames(folder)
  let broken: string | null = null
  const read = async <S extends z.ZodType>(path: string, kind: DocumentKind<S>, optional: boolean): Promise<z.output<S> | null> => {
    try {
      return await readDocument(path, kind)
    } catch (error) {
      if (!(error instanceof MayflyError)) throw error
      if (!(optional && isMayflyError(error, 'not-found'))) broken ??= error.message
      return null
    }
  }
  const [machine, hardware, run, last, life, checkpoints, boots] = await Promise.all([
    read(names.machine, machineDocument, false),
    read(names.hardware, hardwareDocument, true),
    read(names.run, runDocument, true),
    read(names.lastExit, lastExitDocument, true),
    read(names.life, lifeDocument, true),
    readdir(names.checkpoints).catch(() => []),
    // No machine is broken for not knowing how long it took.
    readDocument(names.boots, bootsDocument).catch(() => null),
  ])
  if (machine !== null && machine.id !== id) broken ??= `${names.machine} belongs to the machine ${machine.id}, but lies in the folder of ${id}. It was left as it is.`
  return { config: machine?.config ?? null, createdAt: machine?.createdAt ?? null, hardware, run, lastExit: last?.exit ?? null, life: life === null ? ordinaryLife : { role: life.role, origin: life.origin, throwaway: life.throwaway, expiresAt: life.expiresAt }, checkpoints: checkpoints.length, boots: boots?.boots ?? [], broken }
}
