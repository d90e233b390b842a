/** What would be missing without a checkpoint. Forks have the layers they need in their own folders; a template is what its checkpoint is. */
import type { Checkpoint } from '../../contract/checkpoint.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import type { CheckpointRecord } from './checkpoint-document.ts'

export function whoNeeds(core: MachineCore, record: CheckpointRecord): Checkpoint['neededBy'] {
  return record.origin === 'template' && core.stored.life.role === 'template' ? [{ machine: core.id, name: `the template ${core.name}` }] : []
}
