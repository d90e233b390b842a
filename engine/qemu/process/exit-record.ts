/** What the keeper wrote down when its QEMU ended. */
import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { z } from 'zod'

const recordSchema = z.object({ pid: z.int(), exitStatus: z.int().nullable(), signal: z.int().nullable(), endedAtMs: z.number() })

export interface ExitRecord {
  readonly pid: number
  readonly exitStatus: number | null
  /** SIGKILL, SIGSEGV, ... */
  readonly signal: string | null
  readonly endedAt: Date
}

/** Reads the record; null where there is none, or it is of no use. */
export async function readExitRecord(path: string): Promise<ExitRecord | null> {
  try {
    const record = recordSchema.parse(JSON.parse(await readFile(path, 'utf8')))
    return { pid: record.pid, exitStatus: record.exitStatus, signal: record.signal === null ? null : signalName(record.signal), endedAt: new Date(record.endedAtMs) }
  } catch {
    return null
  }
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`
}
