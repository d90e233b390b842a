/** Asking for a checkpoint: what is wrong with the request is said at once, the work is a job. */
import type { Job } from '../../contract/job.ts'
import { editableStates } from '../machine/edit.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { readCheckpoints } from './checkpoint-store.ts'
import { assertLabelFree } from './find-checkpoint.ts'
import { actOnLayers } from './layer-acts.ts'
import { shortenChains } from './shorten-chains.ts'
import { requireRam, takeNow, type TakeRequest } from './take-now.ts'

/** Begins a checkpoint as a job. Throws what is wrong with the request at once. */
export async function takeCheckpoint(core: MachineCore, request: TakeRequest): Promise<Job> {
  core.requireOrdinary('saved')
  core.require('saved', editableStates)
  if (request.label !== undefined) assertLabelFree(core, await readCheckpoints(core.names), request.label)
  if (request.what === 'ram') requireRam(core)
  return core.context.jobs.run({ kind: 'checkpoint.take', title: `Take a checkpoint of ${core.name}${request.label === undefined ? '' : `: ${request.label}`}`, machine: core.id }, (job) =>
    actOnLayers(core, async () => {
      const { record, pauseMs } = await takeNow(core, request, job)
      await shortenChains(core, { signal: job.signal })
      const pause = pauseMs === 0 ? '' : ` Its guest stood still for ${Math.max(1, Math.round(pauseMs))} ms.`
      return { checkpoint: record.id, sentence: `${record.label} is saved: ${record.kind === 'ram' ? 'disks and RAM' : 'disks'} of ${core.name}.${pause}` }
    }),
  )
}
