import { expect, test } from 'vitest'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import { CommandQueue } from './command-queue.ts'

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
}

test('commands run one after another, also after one that failed', async () => {
  const queue = new CommandQueue()
  const steps: string[] = []
  const command = (name: string, fails = false) =>
    queue.run(async () => {
      steps.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      steps.push(`${name} ends`)
      if (fails) throw new Error(name)
    })
  await Promise.allSettled([command('a'), command('b', true), command('c')])
  expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('an interruption reaches the command under way and not the next', async () => {
  const queue = new CommandQueue()
  const first = queue.run(untilAborted).catch((error: unknown) => error)
  const second = queue.run(async (signal) => signal.aborted)
  await new Promise((resolve) => setImmediate(resolve))
  queue.interrupt(new MayflyError('cancelled', 'Enough.', {}))
  expect([isMayflyError(await first, 'cancelled'), await second]).toEqual([true, false])
})

test('closing interrupts, waits, and refuses what was queued', async () => {
  const queue = new CommandQueue()
  const outcomes = Promise.allSettled([queue.run(untilAborted), queue.run(async () => 'ran')])
  await new Promise((resolve) => setImmediate(resolve))
  await queue.close()
  expect((await outcomes).map((outcome) => outcome.status)).toEqual(['rejected', 'rejected'])
})
