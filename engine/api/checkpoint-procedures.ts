/** Procedures about the checkpoints of a machine. */
import { implement } from '@orpc/server'
import { contract } from '../../contract/contract.ts'
import { compareCheckpoints } from '../checkpoint/compare-checkpoints.ts'
import { deleteCheckpoint } from '../checkpoint/delete-checkpoint.ts'
import { exportCheckpoint } from '../checkpoint/export-checkpoint.ts'
import { renameCheckpoint } from '../checkpoint/rename-checkpoint.ts'
import { restoreCheckpoint } from '../checkpoint/restore-checkpoint.ts'
import { takeCheckpoint } from '../checkpoint/take-checkpoint.ts'
import { readThumbnail, readTimeline, showCheckpoint } from '../checkpoint/timeline.ts'
import type { EngineParts } from './engine-parts.ts'

export function checkpointProcedures({ machines }: EngineParts) {
  const os = implement(contract).checkpoint
  return {
    checkpoint: {
      take: os.take.handler(({ input: { machine, ...request } }) => takeCheckpoint(machines.find(machine), { ...request, origin: 'user' })),
      list: os.list.handler(({ input }) => readTimeline(machines.find(input.machine))),
      show: os.show.handler(({ input }) => showCheckpoint(machines.find(input.machine), input.checkpoint)),
      thumbnail: os.thumbnail.handler(async ({ input }) => ({ mediaType: 'image/png' as const, base64: (await readThumbnail(machines.find(input.machine), input.checkpoint)).toString('base64') })),
      restore: os.restore.handler(({ input }) => restoreCheckpoint(machines.find(input.machine), { checkpoint: input.checkpoint, what: input.what, present: input.keepPresent ? { keep: true, label: undefined } : { keep: false } })),
      branch: os.branch.handler(({ input }) => restoreCheckpoint(machines.find(input.machine), { checkpoint: input.checkpoint, what: input.what, present: { keep: true, label: input.presentLabel } })),
      rename: os.rename.handler(({ input }) => renameCheckpoint(machines.find(input.machine), input.checkpoint, { label: input.label, description: input.description })),
      delete: os.delete.handler(({ input }) => deleteCheckpoint(machines.find(input.machine), input.checkpoint)),
      export: os.export.handler(({ input }) => exportCheckpoint(machines.find(input.machine), machines, input.checkpoint, input.name)),
      diff: os.diff.handler(({ input }) => compareCheckpoints(machines.find(input.machine), input.a, input.b)),
    },
  }
}
