/** Tells watchers that the tree of a machine's checkpoints has changed. */
import type { CheckpointId } from '../../contract/ids.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { readCheckpoints } from './checkpoint-store.ts'

export async function announce(core: MachineCore, checkpoint: CheckpointId | null): Promise<void> {
  const { sound, broken } = await readCheckpoints(core.names)
  core.update({ checkpoints: sound.length + broken.length })
  core.context.events.publish({ type: 'timeline.changed', machine: core.id, checkpoint })
}
