/** Waits until a guest that boots is what its template shall be: as its own words, its agent, or a command in it say. */
import { setTimeout as delay } from 'node:timers/promises'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { liveOf } from '../machine/power.ts'
import { waitFor } from '../machine/wait.ts'
import { runGuestTool } from '../run/guest-tool.ts'

const askAgainMs = 300
const commandWithinMs = 60_000

/** `ready` is a ReadyCondition of the contract. Throws `timeout`, `cancelled`, `conflict` where the machine ends first. */
export async function awaitReady(core: MachineCore, ready: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  if (ready === 'agent' || ready.startsWith('serial:')) return waitFor(core, ready, timeoutMs, signal)
  const command = ready === 'helper' ? ['true'] : ['sh', '-c', ready.slice('command:'.length)]
  const deadline = performance.now() + timeoutMs
  let last = ''
  while (performance.now() < deadline) {
    signal.throwIfAborted()
    if (core.live === null) throw new MayflyError('conflict', `${core.name} ended before it was ready. ${core.stateReason ?? ''}`.trim(), { state: core.state, allowed: ['running'] })
    try {
      if (ready !== 'helper' || (await liveOf(core).exec()) !== null) {
        const end = await runGuestTool(core, { argv: command, timeoutMs: Math.min(commandWithinMs, Math.max(1, Math.ceil(deadline - performance.now()))), signal })
        if (end.exitStatus === 0) return
        last = `It ended with ${end.exitStatus ?? end.signal ?? 'no status'}.`
      }
    } catch (error) {
      // A guest that still boots has nobody to run a command yet.
      if (signal.aborted || !isMayflyError(error)) throw error
      last = error.message
    }
    await delay(askAgainMs, undefined, { signal }).catch(() => undefined)
  }
  throw new MayflyError('timeout', `${core.name} was not ready within ${Math.round(timeoutMs / 1000)} s. ${last}`.trim(), { waitedMs: timeoutMs }, { next: 'Slow is not failed: give it more time with --timeout, or look at what the guest wrote on its serial port.' })
}
