/** Another label or description for a checkpoint. */
import type { Checkpoint } from '../../contract/checkpoint.ts'
import type { CheckpointRef } from '../../contract/ids.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { announce } from './announce.ts'
import { readCheckpoints, writeCheckpoint } from './checkpoint-store.ts'
import { assertLabelFree, findCheckpoint } from './find-checkpoint.ts'
import { showCheckpoint } from './timeline.ts'

/** What is absent stays. Throws `not-found`, `conflict` where the label is taken, `no-space`. */
export async function renameCheckpoint(core: MachineCore, ref: CheckpointRef, to: { readonly label?: string | undefined; readonly description?: string | undefined }): Promise<Checkpoint> {
  // Merges rewrite the same document, in the same queue.
  const id = await core.queue.run(async () => {
    core.requireListed()
    const record = await findCheckpoint(core, ref)
    if (to.label !== undefined) assertLabelFree(core, await readCheckpoints(core.names), to.label, record.id)
    await writeCheckpoint(core.names, { ...record, label: to.label ?? record.label, description: to.description ?? record.description })
    await announce(core, record.id)
    return record.id
  })
  return showCheckpoint(core, id)
}
