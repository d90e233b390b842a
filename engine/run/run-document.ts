/** run.json: a throwaway run as it is kept, in the folder of its evidence. It is written often and without waiting for the disk: after a power cut a run may be gone, never a machine. */
import { rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { type Run, runSchema } from '../../contract/run.ts'
import { type DocumentKind, readDocument } from '../storage/document.ts'

const throwawayRunDocument = {
  format: 'mayfly-throwaway-run',
  version: 1,
  schema: z.strictObject({ format: z.literal('mayfly-throwaway-run'), version: z.literal(1), run: runSchema }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>

/** Throws as `readDocument` does. */
export async function readRun(path: string): Promise<Run> {
  return (await readDocument(path, throwawayRunDocument)).run
}

/** Replaces it in one step. */
export async function writeRun(path: string, run: Run): Promise<void> {
  const aside = `${path}.new`
  await writeFile(aside, JSON.stringify({ format: throwawayRunDocument.format, version: throwawayRunDocument.version, run }), { mode: 0o600 })
  await rename(aside, path)
}
