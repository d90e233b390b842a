/** Taking a checkpoint off the record. What grew from it then grew from what it grew from itself. */
import type { CheckpointId } from '../../contract/ids.ts'
import { readPresent, writeLayers } from '../machine/layers.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { announce } from './announce.ts'
import { readCheckpoints, removeCheckpoint, writeCheckpoint } from './checkpoint-store.ts'
import { collectGarbage } from './collect-garbage.ts'
import { closeJournal, writeJournal } from './journal.ts'

/** Runs in the machine's queue. Layers that others need stay; merging them is the next act. */
export async function deleteNow(core: MachineCore, id: CheckpointId): Promise<void> {
  await writeJournal(core.context, core.names, { act: 'delete', checkpoint: id })
  await finishDelete(core, id)
}

/** Can be repeated. */
export async function finishDelete(core: MachineCore, id: CheckpointId): Promise<void> {
  const { context, names } = core
  const { sound } = await readCheckpoints(names)
  // Of one that cannot be read nobody knows what it grew from.
  const parent = sound.find((record) => record.id === id)?.parent ?? null
  for (const record of sound) if (record.parent === id) await writeCheckpoint(names, { ...record, parent })
  context.atStep('delete.children')
  const present = await readPresent(names)
  if (present.parent === id) await writeLayers(names, present.disks, parent)
  context.atStep('delete.present')
  await removeCheckpoint(names, id)
  context.atStep('delete.removed')
  await closeJournal(names)
  await collectGarbage(names)
  await announce(core, id)
}
