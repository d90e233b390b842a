import { expect, test } from 'vitest'
import type { EngineEvent } from '../../contract/event.ts'
import type { MachineId } from '../../contract/ids.ts'
import { applyEvent, resubscribe } from './apply-event.ts'

const nothing = { machines: [], jobs: [], images: [], templates: [], runs: [], timelineRevisions: {} }

function machine(id: string, name: string): Extract<EngineEvent, { type: 'machine.changed' }>['machine'] {
  return {
    id: id as MachineId, place: 'local', name, state: 'stopped', pausedBy: null, stateReason: null, cpus: 1, memoryMiB: 256, pid: null, startedAt: null,
    uptimeSeconds: null, tags: [], notes: '', profile: 'paravirtual', forwards: [], agent: 'off', pendingChanges: 0, createdAt: null, role: 'machine', origin: null, throwaway: false, expiresAt: null, checkpoints: 0, bootPhase: null, usualBootSeconds: null, restartsInMinute: 0,
  }
}

test('a snapshot replaces everything, in the order of names with their numbers', () => {
  const after = applyEvent({ ...nothing, machines: [machine('z', 'gone')] }, 4, { type: 'snapshot', revision: 7, machines: [machine('a', 'web-10'), machine('b', 'web-9')], jobs: [], images: [], templates: [], runs: [] })
  expect(after).toMatchObject({ machines: [{ name: 'web-9' }, { name: 'web-10' }] })
})

test('changes replace, add and remove', () => {
  const first = applyEvent(nothing, 1, { type: 'machine.changed', revision: 2, machine: machine('a', 'web') })
  if (first === resubscribe) throw new Error('It was the next event.')
  expect(applyEvent(first, 2, { type: 'machine.changed', revision: 3, machine: machine('a', 'shop') })).toMatchObject({ machines: [{ id: 'a', name: 'shop' }] })
  expect(applyEvent(first, 2, { type: 'machine.removed', revision: 3, machine: 'a' as MachineId })).toEqual(nothing)
})

test.each<[string, number | undefined, EngineEvent]>([
  ['a gap', 1, { type: 'gap', revision: 2 }],
  ['a revision that was skipped', 1, { type: 'machine.changed', revision: 3, machine: machine('a', 'web') }],
  ['a change before any snapshot', undefined, { type: 'machine.changed', revision: 3, machine: machine('a', 'web') }],
])('%s means to subscribe again', (_what, revision, event) => {
  expect(applyEvent(nothing, revision, event)).toBe(resubscribe)
})
