import { expect, test } from 'vitest'
import { QmpConversation } from './qmp-conversation.ts'

function record(conversation: QmpConversation, message: unknown): void {
  conversation.record('received', JSON.stringify(message), message)
}

test('keeps the newest messages within its bytes, in order, with both clocks', () => {
  const conversation = new QmpConversation({ maxBytes: 1200 })
  for (let n = 1; n <= 10_000; n += 1) record(conversation, { n })
  const entries = conversation.entries()
  expect(entries.map(({ text, sequence }) => [text, sequence])).toEqual(entries.map((_, index) => [`{"n":${10_001 - entries.length + index}}`, 10_001 - entries.length + index]))
  expect(entries.length).toBeGreaterThan(5)
  expect(entries.length).toBeLessThan(12)
  const [oldest, next] = entries
  expect(oldest?.direction).toBe('received')
  expect(next?.monotonicMs).toBeGreaterThanOrEqual(oldest?.monotonicMs ?? Infinity)
  expect(next?.wallTimeMs).toBeGreaterThan(0)
})

test('cuts a very long message', () => {
  const conversation = new QmpConversation({ maxEntryBytes: 20 })
  record(conversation, { return: 'x'.repeat(1000) })
  expect(conversation.entries()[0]?.text).toBe('{"return":"xxxxxxxxx… (1013 characters)')
})

test('never holds a secret', () => {
  const conversation = new QmpConversation()
  record(conversation, { arguments: { password: 'hunter2' } })
  expect(conversation.entries()[0]?.text).toBe('{"arguments":{"password":"[redacted]"}}')
})

test('a follower sees what was there, what comes, and how much it missed', async () => {
  const conversation = new QmpConversation({ maxBytes: 400 })
  record(conversation, 1)
  record(conversation, 2)
  const stop = new AbortController()
  const follower = conversation.follow(stop.signal)
  const next = async (): Promise<unknown> => {
    const { value } = await follower.next()
    return value === undefined ? 'end' : 'missed' in value ? value : value.text
  }
  expect([await next(), await next()]).toEqual(['1', '2'])
  const third = next()
  record(conversation, 3)
  expect(await third).toBe('3')
  for (let n = 4; n <= 20; n += 1) record(conversation, n)
  expect(await next()).toEqual({ missed: 14 })
  expect(await next()).toBe('18')
  const last = [await next(), await next(), next()]
  stop.abort()
  expect(await Promise.all(last)).toEqual(['19', '20', 'end'])
})
