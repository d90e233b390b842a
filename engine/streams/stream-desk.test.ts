import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { streamTicketSchema } from '../../contract/stream.ts'
import { StreamDesk } from './stream-desk.ts'

const refused = { code: 'not-found', details: { kind: 'stream' } }

test('a ticket opens its stream once', async () => {
  const desk = new StreamDesk()
  const stream = new PassThrough()
  const ticket = streamTicketSchema.parse(desk.issue('bytes', () => stream))
  expect(await desk.open(ticket.ticket)).toBe(stream)
  await expect(desk.open(ticket.ticket)).rejects.toMatchObject(refused)
})

test('a stream is opened only when its ticket is used, and its failure is told', async () => {
  const desk = new StreamDesk()
  let opened = 0
  const { ticket } = desk.issue('exec', () => {
    opened++
    throw new Error('no such guest')
  })
  expect(opened).toBe(0)
  await expect(desk.open(ticket)).rejects.toThrow('no such guest')
  await expect(desk.open(ticket)).rejects.toMatchObject(refused)
  expect(opened).toBe(1)
})

test('a ticket that is too old, unknown, pushed out by others or voided is refused', async () => {
  const old = new StreamDesk({ lifetimeMs: 0 })
  await expect(old.open(old.issue('bytes', () => new PassThrough()).ticket)).rejects.toMatchObject(refused)

  const desk = new StreamDesk({ capacity: 2 })
  const [first, second, third] = [1, 2, 3].map(() => desk.issue('bytes', () => new PassThrough()).ticket) as [string, string, string]
  await expect(desk.open(first)).rejects.toMatchObject(refused)
  await expect(desk.open('../../etc/passwd')).rejects.toMatchObject(refused)
  expect(await desk.open(second)).toBeInstanceOf(PassThrough)
  desk.close()
  await expect(desk.open(third)).rejects.toMatchObject(refused)
})
