import { expect, test } from 'vitest'
import type { MachineId } from '../../contract/ids.ts'
import { ForkCounts } from './fork-counts.ts'

const parent = 'aaaaaaaaaaaa' as MachineId
const other = 'bbbbbbbbbbbb' as MachineId
const first = 'cccccccccccc' as MachineId
const second = 'dddddddddddd' as MachineId

test('forks are counted as they come, are promoted and go; only a change of number is told', () => {
  const forks = new ForkCounts()
  const seen: [MachineId[], number, number][] = []
  const note = (machine: MachineId, of: MachineId | null): void => {
    const told = forks.note(machine, of)
    seen.push([told, forks.of(parent), forks.of(other)])
  }
  note(parent, null)
  note(first, parent)
  note(first, parent)
  note(second, parent)
  note(second, other)
  note(first, null)
  note(second, null)
  note(second, null)
  expect(seen).toEqual([
    [[], 0, 0],
    [[parent], 1, 0],
    [[], 1, 0],
    [[parent], 2, 0],
    [[parent, other], 1, 1],
    [[parent], 0, 1],
    [[other], 0, 0],
    [[], 0, 0],
  ])
})
