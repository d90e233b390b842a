/**
 * journal.json names the act that is under way on a machine's layers, written before each step
 * that cannot simply be forgotten. While it is there nobody else touches the layers; an engine
 * that finds one finishes the act or undoes it (`recover.ts`), so that a crash at any moment
 * leaves the machine as it was before, or as it was to become.
 */
import { unlink } from 'node:fs/promises'
import { z } from 'zod'
import { isMayflyError } from '../../contract/errors.ts'
import { checkpointIdSchema, deviceIdSchema } from '../../contract/ids.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import { syncPath } from '../storage/atomic-file.ts'
import { type DocumentKind, readDocument, writeDocument } from '../storage/document.ts'
import type { MachineFolderNames } from '../storage/names.ts'

const layerFile = z.string().regex(/^[a-z0-9]{12}\.qcow2$/)
/** By disk: the new layer on top. */
const overlays = z.record(deviceIdSchema, layerFile)

export const actSchema = z.discriminatedUnion('act', [
  z.strictObject({
    act: z.literal('take'),
    /** `preparing`: until all of the checkpoint is on disk, in a folder aside. `recording`: it is. */
    step: z.enum(['preparing', 'recording']),
    checkpoint: checkpointIdSchema,
    /** The guest's file systems may be frozen. */
    thaw: z.boolean(),
    /** Written by earlier versions. Whether the guest is to go on is in the runtime folder (`freeze.ts`), as long as it stands still and no longer: its owner may pause it meanwhile. */
    resume: z.boolean().optional(),
  }),
  z.strictObject({
    act: z.literal('restore'),
    /**
     * `switching`: parts of the present are replaced, or all, and its RAM is being loaded. `loaded`: the guest may run, and
     * what it writes counts. `undoing`: it ran for a moment at most, and what was kept aside comes back.
     */
    step: z.enum(['switching', 'loaded', 'undoing']),
    checkpoint: checkpointIdSchema,
    overlays,
    /** The present as it was, kept aside until the restore has worked out; null where it need not be. */
    before: checkpointIdSchema.nullable(),
  }),
  z.strictObject({ act: z.literal('delete'), checkpoint: checkpointIdSchema }),
  z.strictObject({
    act: z.literal('merge'),
    /** `merging`: the lower layer is half written and only seen through the upper one. `merged`: it has all of it. */
    step: z.enum(['merging', 'merged']),
    disk: deviceIdSchema,
    into: layerFile,
    from: layerFile,
  }),
  /** Layers of disks, or copies of them, are being made that nothing names until they are whole: of a machine that is promoted, or one that is off and forked. */
  z.strictObject({ act: z.literal('copy') }),
])
export type Act = z.infer<typeof actSchema>

const journalDocument = {
  format: 'mayfly-journal',
  version: 1,
  schema: z.strictObject({ format: z.literal('mayfly-journal'), version: z.literal(1), act: actSchema }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>

/** What is under way; null: nothing. Throws `storage-corrupt`, `schema-too-new`. */
export async function readJournal(names: MachineFolderNames): Promise<Act | null> {
  try {
    return (await readDocument(names.journal, journalDocument)).act
  } catch (error) {
    if (isMayflyError(error, 'not-found')) return null
    throw error
  }
}

/** Writes down what comes next, before it is done. */
export async function writeJournal(context: EngineContext, names: MachineFolderNames, act: Act): Promise<void> {
  await writeDocument(names.journal, journalDocument, { format: 'mayfly-journal', version: 1, act })
  context.atStep(`${act.act}:${'step' in act ? act.step : 'begun'}`)
}

/** The act is done, or undone. */
export async function closeJournal(names: MachineFolderNames): Promise<void> {
  await unlink(names.journal).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  await syncPath(names.folder)
}
