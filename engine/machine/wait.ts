/** Answers when a machine has become what somebody waits for. */
import { MayflyError } from '../../contract/errors.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import type { MachineCore } from './machine-core.ts'

/** `condition` is one of the contract: running, stopped, agent, serial:TEXT. Throws `timeout`, `conflict` where it can never come true, `cancelled`. */
export async function waitFor(core: MachineCore, condition: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
  const deadline = AbortSignal.timeout(timeoutMs)
  const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  try {
    if (condition.startsWith('serial:')) await waitForSerial(core, condition.slice('serial:'.length), either)
    else await waitForState(core, () => isFulfilled(core, condition), either)
  } catch (error) {
    if (signal?.aborted === true) throw new MayflyError('cancelled', `Nobody waits for ${core.name} any more.`, {}, { cause: error })
    if (!deadline.aborted) throw error
    throw new MayflyError('timeout', `${core.name} was not “${condition}” within ${Math.round(timeoutMs / 1000)} s; it is ${core.state}.`, { waitedMs: timeoutMs }, { cause: error, next: 'Slow is not failed: wait again, or look at mayfly log.' })
  }
}

function isFulfilled(core: MachineCore, condition: string): boolean {
  switch (condition) {
    case 'running':
      return core.state === 'running'
    case 'stopped':
      return core.state === 'stopped' || core.state === 'crashed'
    default:
      if (!hasProcess(core.state)) throw new MayflyError('conflict', `${core.name} is ${core.state}; its agent cannot answer.`, { state: core.state, allowed: ['running'] })
      return core.summary().agent === 'answering'
  }
}

/** Looks now and after every change of the machine's row. */
function waitForState(core: MachineCore, isFulfilledNow: () => boolean, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      core.changeListeners.delete(look)
      signal.removeEventListener('abort', abort)
      if (error === undefined) resolve()
      else reject(error)
    }
    const abort = (): void => finish(new Error('Aborted.'))
    const look = (): void => {
      try {
        core.requireListed()
        if (isFulfilledNow()) finish()
      } catch (error) {
        finish(error instanceof Error ? error : new Error(String(error)))
      }
    }
    core.changeListeners.add(look)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    else look()
  })
}

async function waitForSerial(core: MachineCore, text: string, signal: AbortSignal): Promise<void> {
  await waitForState(core, () => core.live !== null || !hasProcess(core.state), signal)
  const { live } = core
  if (live === null) throw new MayflyError('conflict', `${core.name} is ${core.state}; it writes nothing on its serial port.`, { state: core.state, allowed: ['running'] })
  await live.serial.waitForText(text, { signal })
}
