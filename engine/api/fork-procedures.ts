/** Forks, and how long machines live: the contract, carried out. */
import { implement } from '@orpc/server'
import { contract } from '../../contract/contract.ts'
import type { CheckpointId } from '../../contract/ids.ts'
import { findCheckpoint } from '../checkpoint/find-checkpoint.ts'
import { forkMachine, forkShown } from '../fork/fork.ts'
import { setLife } from '../fork/lifetimes.ts'
import { promoteMachine } from '../fork/promote.ts'
import { machineDetails } from '../machine/details.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import type { EngineParts } from './engine-parts.ts'

/** The procedures that contract/procedures/fork.ts adds to `machine`. */
export function forkProcedures({ context, machines, lifetimes, pool, templates }: EngineParts) {
  const os = implement(contract).machine
  return {
    fork: os.fork.handler(async ({ input: { machine, ...request } }) => {
      const core = await machines.findAnew(machine)
      // Of a template, which is off, its saved state is meant.
      const checkpoint = await checkpointMeant(core, request.checkpoint ?? templates.checkpointOf(core))
      const { forks, pauseMs, notes } = await forkMachine(context, machines, core, { ...request, checkpoint }, pool)
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

/** Its id, which the pool knows it by; people may have named it by its label. */
async function checkpointMeant(core: MachineCore, ref: string | null): Promise<CheckpointId | undefined> {
  return ref === null ? undefined : (await findCheckpoint(core, ref)).id
}
