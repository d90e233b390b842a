/** Reads a machine's folder. What cannot be used is reported with the machine, which stays listed; nothing is ever repaired by guessing. */
import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import type { MachineId } from '../../contract/ids.ts'
import { type DocumentKind, readDocument } from '../storage/document.ts'
import { machineFolderNames } from '../storage/names.ts'
import type { z } from 'zod'
import { hardwareDocument } from './hardware-document.ts'
import { bootsDocument, lastExitDocument, lifeDocument, machineDocument, ordinaryLife, runDocument } from './machine-documents.ts'
import type { StoredMachine } from './machine-core.ts'

/**
 * The names in a machine's folder; null where they cannot be known. One look at the folder instead of
 * one for each file that may be there: most machines have few of them.
 */
export type FolderContent = ReadonlySet<string> | null

export async function readContent(folder: string): Promise<FolderContent> {
  return readdir(folder).then((names) => new Set(names), () => null)
}

/** Whether this file or folder of the machine has to be looked at. */
export function mayHave(content: FolderContent, path: string): boolean {
  return content === null || content.has(basename(path))
}

/** What is stored under `folder` for the machine `id`. Never throws for bad content. `content`: of that folder, where it is known. */
export async function readMachine(folder: string, id: MachineId, content?: FolderContent): Promise<StoredMachine> {
  const present = content === undefined ? await readContent(folder) : content
  const names = machineFolderNames(folder)
  let broken: string | null = null
  const read = async <S extends z.ZodType>(path: string, kind: DocumentKind<S>, optional: boolean): Promise<z.output<S> | null> => {
    if (optional && !mayHave(present, path)) return null
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
    mayHave(present, names.checkpoints) ? readdir(names.checkpoints).catch(() => []) : [],
    // No machine is broken for not knowing how long it took.
    mayHave(present, names.boots) ? readDocument(names.boots, bootsDocument).catch(() => null) : null,
  ])
  if (machine !== null && machine.id !== id) broken ??= `${names.machine} belongs to the machine ${machine.id}, but lies in the folder of ${id}. It was left as it is.`
  return { config: machine?.config ?? null, createdAt: machine?.createdAt ?? null, hardware, run, lastExit: last?.exit ?? null, life: life === null ? ordinaryLife : { role: life.role, origin: life.origin, throwaway: life.throwaway, expiresAt: life.expiresAt }, checkpoints: checkpoints.length, boots: boots?.boots ?? [], broken }
}
