/**
 * One act on a machine's layers at a time. Acts take turns among themselves, and do their steps in
 * the machine's own queue, so that a long merge does not keep anybody from stopping the machine.
 */
import { CommandQueue } from '../machine/command-queue.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { settleJournal } from './recover.ts'

const queues = new WeakMap<MachineCore, CommandQueue>()

/** Runs `work` when no other act is under way. What an earlier one left open is settled first. */
export function actOnLayers<T>(core: MachineCore, work: () => Promise<T>): Promise<T> {
  const queue = queues.get(core) ?? new CommandQueue()
  queues.set(core, queue)
  return queue.run(async () => {
    await core.queue.run(() => settleJournal(core))
    return work()
  })
}
