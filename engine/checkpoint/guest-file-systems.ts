/** Freezing the guest's file systems for the moment of a checkpoint. Whatever happens, they are thawed. */
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import { GuestAgent } from '../guest/guest-agent.ts'
import type { LiveMachine } from '../machine/live-machine.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { liveOf } from '../machine/power.ts'

/** A guest under load may take seconds to write everything out; one that hangs must not be waited for. */
const freezeWithinMs = 20_000
const thawWithinMs = 20_000
const answersWithinMs = 3_000

/**
 * Calls `work` with the guest's file systems frozen, and thaws them as soon as `work` calls `done` or
 * ends. `auto`: as they are where the agent does not answer or cannot.
 * Throws `unsupported` for `yes` where it cannot be done.
 */
export async function withFrozenFileSystems<T>(core: MachineCore, wish: 'auto' | 'yes' | 'no', work: (frozen: boolean) => Promise<T>): Promise<T> {
  if (wish === 'no' || core.state !== 'running') {
    if (wish === 'yes') throw cannot(core, 'its guest does not run')
    return work(false)
  }
  const live = liveOf(core)
  if (wish === 'auto' && (core.summary().agent !== 'answering' || owed.has(live))) return work(false)
  if (owed.has(live)) throw cannot(core, 'its agent has not answered the last time yet')
  const agent = new GuestAgent(live.agent)
  try {
    await live.agent.whenAnswering({ timeoutMs: answersWithinMs, signal: undefined })
    await agent.freeze({ timeoutMs: freezeWithinMs })
  } catch (error) {
    if (!isMayflyError(error)) throw error
    // It may be frozen all the same: the answer was late.
    await thaw(core, live)
    if (wish === 'yes') throw cannot(core, error.message)
    return work(false)
  }
  try {
    return await work(true)
  } finally {
    await thaw(core, live)
  }
}

/** Whose agent did not answer. What it was asked for it does when it wakes: it may freeze long after everybody has given up. */
const owed = new WeakSet<LiveMachine>()

/** Thaws what may be frozen, or sees to it that it is done as soon as the agent answers. An agent that cannot thaw is logged: nobody can do more. */
export async function thaw(core: MachineCore, live: LiveMachine): Promise<void> {
  if (live.isDetached) return
  try {
    await thawOnceItAnswers(live)
  } catch (error) {
    core.context.log(`${core.id}: its file systems may still be frozen: ${String(error)}`)
    if (!isSilence(error)) return
    await writeFile(core.runtime.thawOwed, '', { mode: 0o600 }).catch((failure: unknown) => core.context.log(`${core.id}: that its file systems may be frozen is not on record: ${String(failure)}`))
    void thawWhenItWakes(core, live)
  }
}

/** An engine before this one has ended while it waited for the agent. */
export function thawIfOwed(core: MachineCore): void {
  if (core.live !== null && existsSync(core.runtime.thawOwed)) void thawWhenItWakes(core, core.live)
}

async function thawWhenItWakes(core: MachineCore, live: LiveMachine): Promise<void> {
  owed.add(live)
  while (!live.isDetached) {
    try {
      await thawOnceItAnswers(live)
      break
    } catch (error) {
      if (isSilence(error)) continue
      core.context.log(`${core.id}: its file systems may still be frozen: ${String(error)}`)
      break
    }
  }
  owed.delete(live)
  // The next engine waits on where this one ends.
  if (!live.isDetached) await rm(core.runtime.thawOwed, { force: true }).catch((error: unknown) => core.context.log(`${core.id}: ${String(error)}`))
}

/** It has said neither yes nor no. */
function isSilence(error: unknown): boolean {
  return isMayflyError(error) && (error.code === 'timeout' || error.code === 'qmp-interrupted' || error.code === 'conflict')
}

/** After an engine was killed the agent is only just being connected to. */
async function thawOnceItAnswers({ agent }: LiveMachine): Promise<void> {
  await agent.whenAnswering({ timeoutMs: thawWithinMs })
  await new GuestAgent(agent).thaw({ timeoutMs: thawWithinMs })
}

function cannot(core: MachineCore, why: string): MayflyError<'unsupported'> {
  return new MayflyError('unsupported', `The file systems of ${core.name} cannot be frozen: ${why}`, { needs: 'a guest agent that freezes', have: why }, { next: 'Take it without freezing them; the guest then finds its disks as after pulling the plug.' })
}
