import { expect, test } from 'vitest'
import { hasProcess, isLegalTransition, machineStateSchema, machineTransitions } from './machine-state.ts'

const states = machineStateSchema.options

test('every state can be left and reached', () => {
  const reached = new Set(Object.values(machineTransitions).flat())
  expect({ unreachable: states.filter((state) => !reached.has(state)), final: states.filter((state) => machineTransitions[state].length === 0) }).toEqual({ unreachable: [], final: [] })
})

test('a machine with a process can crash or end, one without cannot', () => {
  const canCrash = states.filter((state) => state !== 'crashed' && isLegalTransition(state, 'crashed'))
  expect(canCrash.toSorted()).toEqual([...states.filter(hasProcess), 'broken'].toSorted())
})

test('only a machine at rest can be started', () => {
  expect(states.filter((state) => state !== 'starting' && isLegalTransition(state, 'starting'))).toEqual(['stopped', 'crashed', 'unknown'])
})
