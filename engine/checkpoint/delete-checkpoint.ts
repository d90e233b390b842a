/** Deleting a checkpoint, and keeping chains short afterwards. */
import { MayflyError } from '../../contract/errors.ts'
import type { CheckpointRef } from '../../contract/ids.ts'
import type { Job } from '../../contract/job.ts'
import { editableStates } from '../machine/edit.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { deleteNow } from './delete-now.ts'
import { findAnyCheckpoint } from './find-checkpoint.ts'
import { actOnLayers } from './layer-acts.ts'
import { mergeLayers } from './merge-layers.ts'
import { whoNeeds } from './who-needs.ts'

/** Begins it as a job. Throws `in-use` where something needs the checkpoint. */
export async function deleteCheckpoint(core: MachineCore, ref: CheckpointRef): Promise<Job> {
  core.require('changed', editableStates)
  const found = await findAnyCheckpoint(core, ref)
  const label = 'label' in found ? found.label : found.id
  const by = 'label' in found ? whoNeeds(core, found) : []
  if (by.length > 0) throw new MayflyError('in-use', `${label} of ${core.name} cannot be deleted: ${by.map(({ name }) => name).join(', ')} needs it.`, { by: by.map(({ name }) => name) }, { next: 'Delete that first.' })
  return core.context.jobs.run({ kind: 'checkpoint.delete', title: `Delete ${label} of ${core.name}`, machine: core.id }, (job) =>
    actOnLayers(core, async () => {
      await core.queue.run(async () => {
        core.require('changed', editableStates)
        await deleteNow(core, found.id)
      })
      job.stage('Merging layers')
      await mergeLayers(core, { signal: job.signal, onProgress: (share) => job.progress(share) })
      return { sentence: `${label} of ${core.name} is deleted.` }
    }),
  )
}
