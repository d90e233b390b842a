/**
 * A guest that stopped because the host's disk was full goes on by itself when there is space.
 * Free space has no event, so it is asked for, but only while a machine waits.
 */
import { freeBytes } from '../storage/atomic-file.ts'
import type { LiveMachine } from './live-machine.ts'
import type { MachineCore } from './machine-core.ts'

const intervalMs = 2_000
/** Less would fill up again at once. */
const enoughBytes = 64 * 1024 * 1024

const watching = new WeakSet<LiveMachine>()

/** Resumes the guest once there is space again. Ends by itself when the machine is no longer paused for that. */
export function watchForSpace(core: MachineCore, live: LiveMachine): void {
  if (watching.has(live)) return
  watching.add(live)
  core.happened('no-space', `${core.name} is paused: the host's disk is full.`)
  const stop = (): void => {
    clearInterval(timer)
    watching.delete(live)
  }
  const look = async (): Promise<void> => {
    if (live.isDetached || core.pausedBy !== 'no-space') return stop()
    const free = await freeBytes(core.names.folder)
    if (free === null || free < enoughBytes || live.isDetached) return
    await core.queue.run(async () => {
      if (core.pausedBy !== 'no-space' || live.isDetached) return
      await live.qmp.execute('cont')
      stop()
      core.enter('running')
      core.happened('went-on', `There is space again; ${core.name} went on.`)
    })
  }
  const timer = setInterval(() => {
    look().catch((error: unknown) => core.context.log(`${core.id}: waiting for space: ${String(error)}`))
  }, intervalMs)
  timer.unref()
}
