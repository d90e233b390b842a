import { expect, test } from 'vitest'
import type { Checkpoint, Timeline } from '../../../contract/checkpoint.ts'
import type { CheckpointId, MachineId } from '../../../contract/ids.ts'
import { checkpointTree } from './checkpoint-view.ts'

const id = (label: string): CheckpointId => label.padEnd(12, '0') as CheckpointId

function point(label: string, parent: string | null): Checkpoint {
  return {
    id: id(label), machine: 'machine00000' as MachineId, parent: parent === null ? null : id(parent), label, description: '', kind: 'disks', origin: 'user', takenAt: '2026-11-23T08:00:00.000Z',
    machineState: 'running', fileSystemsFrozen: false, hasThumbnail: false, cpus: 1, memoryMiB: 256, disks: ['disk0'], hasNvram: false, hasTpm: false,
    sizes: { ownDiskBytes: 0, ownRamBytes: 0, sharedBytes: 0 }, neededBy: [], madeWith: null, ramRefused: null, broken: null,
  }
}

test('the tree shows who grew from whom, and where the machine stands', () => {
  const timeline: Timeline = { checkpoints: [point('first', null), point('second', 'first'), point('third', 'second'), point('other', 'first')], present: { parent: id('second'), ownDiskBytes: 0 }, ramBlockers: [] }
  const lines = checkpointTree(timeline, { columns: Number.POSITIVE_INFINITY, colour: false }).split('\n').map((line) => line.replace(/ {2,}disks.*$/, '').trimEnd())
  expect(lines.slice(1, -1)).toEqual(['first', '├─ second', '│  ├─ third', '│  └─ ● now', '└─ other'])
})

test('a machine without checkpoints is told how to take one', () => {
  expect(checkpointTree({ checkpoints: [], present: { parent: null, ownDiskBytes: 0 }, ramBlockers: [] }, { columns: 80, colour: false })).toContain('mayfly checkpoint take')
})
