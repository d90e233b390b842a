import { getEventListeners } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CellOutput, type OutputPiece } from './cell-output.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-output-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function collect(pieces: AsyncIterable<OutputPiece>): Promise<string> {
  let all = ''
  for await (const { stream, text, skippedBytes } of pieces) all += `${skippedBytes > 0 ? `(${skippedBytes} skipped)` : ''}${text === '' ? '' : `${stream}:${text};`}`
  return all
}

test('what is written is followed in the order it came, before and after it was written', async () => {
  const output = new CellOutput(join(folder, 'output'), { isEnded: false })
  await output.take('stdout', Buffer.from('one\n'))
  const following = collect(output.follow(1000))
  await output.take('stderr', Buffer.from('two\n'))
  await output.take('stdout', Buffer.from([0xc3]))
  await output.take('stdout', Buffer.from([0xbc]))
  await output.end()
  const whole = 'stdout:one\n;stderr:two\n;stdout:ü;'
  expect(await following).toBe(whole)
  expect(await collect(new CellOutput(join(folder, 'output'), { isEnded: true }).follow(1000))).toBe(whole)
})

test('a follower may begin near the end, or leave', async () => {
  const output = new CellOutput(join(folder, 'output'), { isEnded: false })
  for (let line = 0; line < 100; line++) await output.take('stdout', Buffer.from(`line ${String(line).padStart(2, '0')}\n`))
  const leave = new AbortController()
  const seen: string[] = []
  for await (const { text, skippedBytes } of output.follow(16, leave.signal)) {
    seen.push(`${skippedBytes}${text}`)
    if (text === 'line 99\n') leave.abort()
  }
  expect(seen).toEqual(['784', '0line 98\n', '0line 99\n'])
  await output.end()
})

test('it keeps so much and counts the rest', async () => {
  const output = new CellOutput(join(folder, 'output'), { isEnded: false, mostBytes: 10 })
  await output.take('stdout', Buffer.from('12345678'))
  await output.take('stdout', Buffer.from('90ab'))
  await output.take('stderr', Buffer.from('cd'))
  await output.end()
  expect(output.droppedBytes).toBe(4)
  expect(await collect(output.follow(100))).toBe('stdout:12345678;stdout:90;(4 skipped)')
})

test('the last line is short and harmless', async () => {
  const output = new CellOutput(join(folder, 'output'), { isEnded: false })
  expect(output.lastLine).toBe('')
  await output.take('stdout', Buffer.from('first\n\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7} and\u{8} plain  \r\n \n'))
  expect(output.lastLine).toBe('red and  plain')
  await output.take('stdout', Buffer.from('x'.repeat(5000)))
  expect(output.lastLine).toHaveLength(300)
  await output.end()
})

test('a folder that is gone costs the record, not the command', async () => {
  const output = new CellOutput(join(folder, 'nowhere', 'output'), { isEnded: false })
  await output.take('stdout', Buffer.from('lost'))
  await output.end()
  expect(output.failure?.message).toContain('ENOENT')
})

test('a reader that has had enough is waited for no more', async () => {
  const output = new CellOutput(join(folder, 'output'), { isEnded: false })
  await output.take('stdout', Buffer.from('one\n'))
  const { signal } = new AbortController()
  for await (const { kind } of output.frames(signal)) if (kind === 'stdout') break
  expect(getEventListeners(signal, 'abort')).toEqual([])
  await output.end()
})

test('of much only the tail is read', async () => {
  const output = new CellOutput(join(folder, 'output'), { isEnded: false })
  for (let count = 0; count < 400; count++) await output.take('stdout', Buffer.alloc(1000, 'x'))
  await output.end()
  expect(await collect(output.follow(2500))).toMatch(/^\(398000 skipped\)(?:stdout:x{1000};){2}$/)
})
