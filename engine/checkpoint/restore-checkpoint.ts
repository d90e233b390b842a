/** Taking a machine back to a checkpoint, and branching: the same with the present kept. */
import { MayflyError } from '../../contract/errors.ts'
import type { CheckpointRef } from '../../contract/ids.ts'
import type { Job } from '../../contract/job.ts'
import { setGuestClock } from '../fork/set-guest-clock.ts'
import { editableStates } from '../machine/edit.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { readCheckpoint, readCheckpoints } from './checkpoint-store.ts'
import { assertLabelFree, findCheckpoint } from './find-checkpoint.ts'
import { actOnLayers } from './layer-acts.ts'
import { mergeLayers } from './merge-layers.ts'
import { restoreDisks } from './restore-now.ts'
import { restoreRam } from './restore-ram.ts'
import { takeNow } from './take-now.ts'

export interface RestoreRequest {
  readonly checkpoint: CheckpointRef
  readonly what: 'auto' | 'ram' | 'disks'
  /** Whether the present becomes a checkpoint first, and what it is called. */
  readonly present: { readonly keep: false } | { readonly keep: true; readonly label: string | undefined }
}

/** Begins it as a job. What is wrong with the request is thrown at once. */
export async function restoreCheckpoint(core: MachineCore, request: RestoreRequest): Promise<Job> {
  core.requireOrdinary('taken back')
  core.require('restored', editableStates)
  const record = await findCheckpoint(core, request.checkpoint)
  const { present, what } = request
  if (present.keep && present.label !== undefined) assertLabelFree(core, await readCheckpoints(core.names), present.label)
  if (what === 'ram' && record.kind !== 'ram') throw new MayflyError('unsupported', `${record.label} has no RAM.`, { needs: 'a checkpoint with RAM', have: record.kind }, { next: 'Restore its disks.' })
  return core.context.jobs.run({ kind: 'checkpoint.restore', title: `Restore ${core.name} to ${record.label}`, machine: core.id }, (job) =>
    actOnLayers(core, async () => {
      const kept = present.keep ? (await takeNow(core, { label: present.label ?? `Before ${record.label}`.slice(0, 80).trim(), description: '', what: 'auto', freezeFileSystems: 'auto', origin: 'before-restore' }, job)).record : null
      job.stage('Restoring')
      const withRam = record.kind === 'ram' && what !== 'disks'
      await core.queue.run(async (interrupted) => {
        core.require('restored', editableStates)
        const point = await readCheckpoint(core.names, record.id)
        const half = `restore of ${core.id}`
        core.context.unsettled(half, true)
        try {
          await (withRam ? restoreRam(core, point, AbortSignal.any([interrupted, job.signal])) : restoreDisks(core, point))
        } finally {
          core.context.unsettled(half, false)
        }
      })
      if (withRam) void setGuestClock(core, Date.parse(record.takenAt)).catch((error: unknown) => core.context.log(`${core.id}: its clock was not set: ${String(error)}`))
      await mergeLayers(core, { signal: job.signal })
      return { checkpoint: record.id, sentence: `${core.name} is as it was at ${record.label}.${kept === null ? '' : ` What it was before is kept as ${kept.label}.`}` }
    }),
  )
}
