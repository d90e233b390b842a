/** Forks, and how long machines live: the contract, carried out. */
import { implement } from '@orpc/server'
import { contract } from '../../contract/contract.ts'
import { forkMachine, forkShown } from '../fork/fork.ts'
import { setLife } from '../fork/lifetimes.ts'
import { promoteMachine } from '../fork/promote.ts'
import { machineDetails } from '../machine/details.ts'
import type { EngineParts } from './engine-parts.ts'

/** The procedures that contract/procedures/fork.ts adds to `machine`. */
export function forkProcedures({ context, machines, lifetimes }: EngineParts) {
  const os = implement(contract).machine
  return {
    fork: os.fork.handler(async ({ input: { machine, ...request } }) => {
      const { forks, pauseMs, notes } = await forkMachine(context, machines, await machines.findAnew(machine), request)
      if (request.ttlSeconds !== undefined) lifetimes.look()
      return { forks: forks.map(forkShown), pauseMs, notes: [...notes] }
    }),
    promote: os.promote.handler(async ({ input }) => promoteMachine(await machines.findAnew(input.machine))),
    setLife: os.setLife.handler(async ({ input: { machine, ...change } }) => {
      const core = machines.find(machine)
      await setLife(core, lifetimes, change)
      return machineDetails(core)
    }),
  }
}
