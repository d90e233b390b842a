/**
 * Off and on again as one thing: once asked for, it is seen through by the engine, also when nobody
 * waits for it any more, and by the next one where the engine ends meanwhile. Asked for twice it is
 * done once, and whoever stops the machine meanwhile has the last word.
 */
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import { hostBootId } from '../qemu/process/process-identity.ts'
import { readDocument } from '../storage/document.ts'
import type { MachineCore } from './machine-core.ts'
import { type RestartIntent, restartDocument } from './machine-documents.ts'
import type { FoundMachine } from './machines.ts'
import { endGuest, start, untilAborted } from './power.ts'
import type { StopOptions } from './power.ts'
import { mayHave } from './read-machine.ts'

const underWay = new WeakMap<MachineCore, Promise<void>>()

/** Ends the guest as `stop` does and starts the machine. Throws what both throw; a guest that does not shut down in time goes on running. */
export async function restart(core: MachineCore, options: StopOptions): Promise<void> {
  const outcome = underWay.get(core) ?? begin(core, () => offAndOn(core, options))
  await untilAborted(outcome, options.signal, `Nobody waits for ${core.name} any more. It is being restarted.`)
}

/** Sees through what an engine before this one did not live to end. Resolves when that is done or has failed, which the machine's event log says. */
export async function finishRestarts(found: readonly FoundMachine[]): Promise<void> {
  const open = found.filter(({ core, content }) => core.state !== 'broken' && mayHave(content, core.names.restart))
  await Promise.allSettled(open.map(({ core }) => begin(core, () => finish(core))))
}

function begin(core: MachineCore, work: () => Promise<void>): Promise<void> {
  const outcome = work()
  underWay.set(core, outcome)
  outcome.catch((error: unknown) => core.context.log(`${core.id}: was not restarted: ${String(error)}`)).finally(() => underWay.delete(core))
  return outcome
}

async function offAndOn(core: MachineCore, { force, timeoutSeconds }: StopOptions): Promise<void> {
  core.require('restarted', ['running', 'paused', 'stopping', 'unknown'])
  if (core.stored.life.throwaway) throw new MayflyError('conflict', `${core.name} is a throwaway: it is deleted when it stops, so it cannot be restarted.`, { state: core.state, allowed: [] }, { next: `Reset it: mayfly reset ${core.commandWord}. Or keep it first: mayfly life --no-throwaway ${core.commandWord}` })
  await seeThrough(core, { ends: core.run?.startedAt ?? null, force, timeoutSeconds: timeoutSeconds ?? null })
}

async function finish(core: MachineCore): Promise<void> {
  // A stop that comes while this is read counts as well.
  core.startsAgain = true
  try {
    const { bootId, ends, force, timeoutSeconds } = await readDocument(core.names.restart, restartDocument)
    const isDone = hasProcess(core.state) && core.run?.startedAt !== ends
    if (bootId !== hostBootId() || isDone) await core.takeBackRestart()
    else await seeThrough(core, { ends, force, timeoutSeconds })
  } catch (error) {
    if (!core.queue.closing.aborted && !isMayflyError(error, 'cancelled') && !isMayflyError(error, 'not-found')) {
      core.happened(hasProcess(core.state) ? 'adopted' : 'stopped', `${core.name} was being restarted when its engine ended, and that could not be finished. ${isMayflyError(error) ? error.message : String(error)}`)
    }
    throw error
  }
}

async function seeThrough(core: MachineCore, intent: RestartIntent): Promise<void> {
  const { context } = core
  const what = `restart of ${core.id}`
  // Taken back by any later stop.
  core.startsAgain = true
  context.unsettled(what, true)
  try {
    await core.saveRestart(intent)
    if (core.startsAgain && hasProcess(core.state)) await endGuest(core, { force: intent.force, timeoutSeconds: intent.timeoutSeconds ?? undefined })
    if (!core.startsAgain) throw new MayflyError('cancelled', `${core.name} was stopped while it restarted, and stays off.`, {})
    context.atStep('restart.off')
    await start(core)
  } finally {
    // Where this engine ends, the next one goes on.
    if (!core.queue.closing.aborted) {
      await core.takeBackRestart()
      context.unsettled(what, false)
    }
  }
}
