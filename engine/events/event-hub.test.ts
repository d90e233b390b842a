import { expect, test } from 'vitest'
import type { EngineEvent } from '../../contract/event.ts'
import type { MachineId } from '../../contract/ids.ts'
import { EventHub } from './event-hub.ts'
import type { EventBody } from './event-hub.ts'

const snapshot = () => ({ machines: [], jobs: [], images: [], templates: [], runs: [] })
const removed = (): EventBody => ({ type: 'machine.removed', machine: 'abcdefghijkl' as MachineId })

async function all(events: AsyncIterable<EngineEvent>): Promise<string[]> {
  const seen: string[] = []
  for await (const event of events) seen.push(`${event.type} ${event.revision}`)
  return seen
}

test('a subscription begins with a snapshot and counts on from its revision', async () => {
  const hub = new EventHub()
  hub.publish(removed())
  const events = hub.subscribe({ snapshot })
  hub.publish(removed())
  hub.publish(removed())
  hub.close()
  expect(await all(events)).toEqual(['snapshot 1', 'machine.removed 2', 'machine.removed 3'])
  expect(hub.subscribers).toBe(0)
})

test('a reader that waits gets each event as it is published', async () => {
  const hub = new EventHub()
  const events = hub.subscribe({ snapshot })
  await events.next()
  const next = events.next()
  hub.publish(removed())
  expect(await next).toEqual({ done: false, value: { type: 'machine.removed', machine: 'abcdefghijkl', revision: 1 } })
  await events.return?.()
  expect(hub.subscribers).toBe(0)
})

test('a reader that falls behind its queue gets a gap and nothing more; others go on', async () => {
  const hub = new EventHub({ capacity: 3 })
  const slow = hub.subscribe({ snapshot })
  const quick = hub.subscribe({ snapshot })
  await quick.next()
  await slow.next()
  for (let i = 0; i < 10; i++) {
    hub.publish(removed())
    await quick.next()
  }
  expect(hub.subscribers).toBe(1)
  expect(await all(slow)).toEqual(['gap 4'])
  await quick.return?.()
})

test('returning ends a read that waits, and so does the signal', async () => {
  const hub = new EventHub()
  const returned = hub.subscribe({ snapshot })
  const aborted = new AbortController()
  const abandoned = hub.subscribe({ snapshot, signal: aborted.signal })
  await returned.next()
  await abandoned.next()
  const waiting = [returned.next(), abandoned.next()]
  await returned.return?.()
  aborted.abort()
  const done = { done: true, value: undefined }
  expect(await Promise.all(waiting)).toEqual([done, done])
  expect(hub.subscribers).toBe(0)
  expect(await all(hub.subscribe({ snapshot, signal: aborted.signal }))).toEqual([])
})
