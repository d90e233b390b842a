import { expect, test } from 'vitest'
import { ByteLink } from './byte-link.ts'
import type { LinkListener, LinkMessage } from './message-link.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** The other side of a link, played by hand. */
function peer() {
  const sent: LinkMessage[] = []
  let listener: LinkListener | undefined
  let closed = false
  const link = new ByteLink({
    send: (message) => void sent.push(message),
    listen: (to) => (listener = to),
    close: () => (closed = true),
  })
  return {
    link,
    says: (message: LinkMessage) => listener?.message(message),
    control: () => sent.filter((message) => typeof message === 'string'),
    bytes: () => sent.reduce((sum, message) => sum + (typeof message === 'string' ? 0 : message.length), 0),
    closed: () => closed,
  }
}

test('who makes room is sent more at once, and tells what was read of it half by half', async () => {
  const { link, says, control, closed } = peer()
  link.makeRoom(4 * mebibyte)
  link.makeRoom(mebibyte)
  expect(control()).toEqual([JSON.stringify({ credit: 4 * mebibyte - 256 * kibibyte })])
  for (let piece = 0; piece < 64; piece++) says(new Uint8Array(64 * kibibyte))
  expect(closed()).toBe(false)
  for (let piece = 0; piece < 63; piece++) await link.read()
  expect(control().slice(1)).toEqual([JSON.stringify({ credit: 2 * mebibyte })])
  says(new Uint8Array(2 * mebibyte + 1))
  expect(closed()).toBe(true)
})

test('as much is sent as there is room for', async () => {
  const { link, says, bytes } = peer()
  const written = link.write(new Uint8Array(mebibyte))
  await Promise.resolve()
  expect(bytes()).toBe(256 * kibibyte)
  says(JSON.stringify({ credit: 768 * kibibyte }))
  await written
  expect(bytes()).toBe(mebibyte)
})

test('no room is larger than eight mebibytes', () => {
  const { link, says, control, closed } = peer()
  link.makeRoom(100 * mebibyte)
  expect(control()).toEqual([JSON.stringify({ credit: 8 * mebibyte - 256 * kibibyte })])
  says(JSON.stringify({ credit: 8 * mebibyte - 256 * kibibyte }))
  expect(closed()).toBe(false)
  says(JSON.stringify({ credit: 1 }))
  expect(closed()).toBe(true)
})
