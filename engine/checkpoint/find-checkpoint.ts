/** Checkpoints as people name them. */
import { MayflyError } from '../../contract/errors.ts'
import type { CheckpointRef } from '../../contract/ids.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import type { CheckpointRecord } from './checkpoint-document.ts'
import { type BrokenCheckpoint, readCheckpoints, type StoredCheckpoints } from './checkpoint-store.ts'

/** The checkpoint a person means: by label, by id, or by an unambiguous beginning of its id. Throws `not-found`, `invalid-input`, and `storage-corrupt` for one that cannot be read. */
export async function findCheckpoint(core: MachineCore, ref: CheckpointRef): Promise<CheckpointRecord> {
  const found = pick(core, await readCheckpoints(core.names), ref)
  if ('reason' in found) throw new MayflyError('storage-corrupt', `The checkpoint ${found.id} of ${core.name} cannot be used. ${found.reason}`, { file: found.id, reason: found.reason })
  return found
}

/** As `findCheckpoint`, also one that is damaged. */
export async function findAnyCheckpoint(core: MachineCore, ref: CheckpointRef): Promise<CheckpointRecord | BrokenCheckpoint> {
  return pick(core, await readCheckpoints(core.names), ref)
}

function pick(core: MachineCore, { sound, broken }: StoredCheckpoints, ref: CheckpointRef): CheckpointRecord | BrokenCheckpoint {
  const all = [...sound, ...broken]
  const exact = sound.find((checkpoint) => checkpoint.label === ref) ?? all.find((checkpoint) => checkpoint.id === ref)
  if (exact !== undefined) return exact
  const [only, another] = all.filter((checkpoint) => checkpoint.id.startsWith(ref))
  if (only === undefined) throw new MayflyError('not-found', `${core.name} has no checkpoint called ${ref}.`, { kind: 'checkpoint', ref }, { next: `mayfly checkpoint list ${core.commandWord} shows them all.` })
  if (another !== undefined) throw new MayflyError('invalid-input', `${ref} could mean several checkpoints of ${core.name}.`, { issues: [{ path: 'checkpoint', message: 'Type more of the id, or the label.' }] })
  return only
}

/** Throws `conflict` where another checkpoint of the machine has this label. */
export function assertLabelFree(core: MachineCore, { sound }: StoredCheckpoints, label: string, except?: string): void {
  if (!sound.some((checkpoint) => checkpoint.label === label && checkpoint.id !== except)) return
  throw new MayflyError('conflict', `${core.name} has a checkpoint called ${label} already.`, { state: 'taken', allowed: [] }, { next: 'Choose another label.' })
}

/** `wanted`, or `wanted (2)`, ... where that is taken. */
export function freeLabel({ sound }: StoredCheckpoints, wanted: string): string {
  const taken = new Set(sound.map(({ label }) => label))
  for (let number = 1; ; number++) {
    const label = number === 1 ? wanted : `${wanted.slice(0, 70)} (${number})`
    if (!taken.has(label)) return label
  }
}
