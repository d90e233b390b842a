import { expect, test } from 'vitest'
import { machineStateSchema } from '../../contract/machine-state.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { machineActions } from './machine-actions.ts'

test('only what is legal in a state is offered', () => {
  const offered = machineStateSchema.options.map((state) => [state, machineActions({ id: 'abcdefghijkl', state } as MachineSummary).map(({ label }) => label)])
  expect(Object.fromEntries(offered)).toEqual({
    stopped: [], starting: [], running: ['Shut down', 'Pause'], paused: ['Resume', 'Shut down'], saving: [], restoring: [], stopping: [], crashed: [], broken: [], unknown: [],
  })
})
