/**
 * Off and on again as one thing: once asked for, it is seen through by the engine, also when nobody
 * waits for it any more. Asked for twice it is done once, and whoever stops the machine meanwhile
 * has the last word.
 */
import { MayflyError } from '../../contract/errors.ts'
import type { MachineCore } from './machine-core.ts'
import { start, stop, untilAborted } from './power.ts'
import type { StopOptions } from './power.ts'

const underWay = new WeakMap<MachineCore, Promise<void>>()

/** Ends the guest as `stop` does and starts the machine. Throws what both throw; a guest that does not shut down in time goes on running. */
export async function restart(core: MachineCore, options: StopOptions): Promise<void> {
  const outcome = underWay.get(core) ?? begin(core, options)
  await untilAborted(outcome, options.signal, `Nobody waits for ${core.name} any more. It is being restarted.`)
}

function begin(core: MachineCore, options: StopOptions): Promise<void> {
  const outcome = offAndOn(core, options)
  underWay.set(core, outcome)
  outcome.catch((error: unknown) => core.context.log(`${core.id}: was not restarted: ${String(error)}`)).finally(() => underWay.delete(core))
  return outcome
}

async function offAndOn(core: MachineCore, { force, timeoutSeconds }: StopOptions): Promise<void> {
  core.require('restarted', ['running', 'paused', 'stopping', 'unknown'])
  if (core.stored.life.throwaway) throw new MayflyError('conflict', `${core.name} is a throwaway: it is deleted when it stops, so it cannot be restarted.`, { state: core.state, allowed: [] }, { next: `Reset it: mayfly reset ${core.commandWord}. Or keep it first: mayfly life --no-throwaway ${core.commandWord}` })
  const ended = stop(core, { force, timeoutSeconds })
  // Taken back by any later stop.
  core.startsAgain = true
  await ended
  if (!core.startsAgain) throw new MayflyError('cancelled', `${core.name} was stopped while it restarted, and stays off.`, {})
  await start(core)
}
