import { appendFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CappedLog } from './capped-log.ts'
import { followLog, type LogPiece } from './follow-log.ts'
import { readTail } from './read-tail.ts'
import { TextStream } from './utf8-text.ts'

/** Generous: the hosts of tests are busy. */
const soon = { timeout: 20_000 }

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-logs-'))
  path = join(folder, 'serial.log')
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

const small = { capBytes: 1000, keepBytes: 400 }

function numbered(from: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `${String(from + i).padStart(9, '0')}\n`).join('')
}

test('a log over its cap is cut under its writer, and the newest part is kept', async () => {
  const writer = await open(path, 'a')
  const log = new CappedLog(path, small)
  await writer.write(numbered(0, 101))
  await log.check()
  expect((await stat(path)).size).toBe(0)
  expect(await readFile(log.previousPath, 'utf8')).toBe(numbered(61, 40))
  await writer.write(numbered(101, 3))
  await log.check()
  expect(await readFile(path, 'utf8')).toBe(numbered(101, 3))
  await writer.close()
})

test('a log under its cap, or missing, is left alone', async () => {
  const log = new CappedLog(path, small)
  await log.check()
  await writeFile(path, numbered(0, 100))
  await log.check()
  expect((await stat(path)).size).toBe(1000)
})

test('a new boot begins an empty file, and the text of several boots stays within the bound', async () => {
  const log = new CappedLog(path, small)
  await appendFile(path, numbered(0, 30))
  await log.beginBoot()
  await appendFile(path, numbered(30, 5))
  await log.beginBoot()
  await log.beginBoot()
  expect((await stat(path)).size).toBe(0)
  expect(await readFile(log.previousPath, 'utf8')).toBe(numbered(0, 35))
  await appendFile(path, numbered(35, 20))
  await log.beginBoot()
  expect(await readFile(log.previousPath, 'utf8')).toBe(numbered(15, 40))
})

test('reported growth leads to a check without anyone asking', async () => {
  const log = new CappedLog(path, small)
  await appendFile(path, numbered(0, 150))
  log.grew(1500)
  await expect.poll(async () => (await stat(path)).size, soon).toBe(0)
})

test('offsets count on across rotations', async () => {
  const log = new CappedLog(path, small)
  await appendFile(path, numbered(0, 110))
  expect(await log.bounds()).toEqual({ fileStart: 0, end: 1100 })
  await log.check()
  expect(await log.bounds()).toEqual({ fileStart: 1100, end: 1100 })
  await appendFile(path, numbered(110, 2))
  const slice = async (from: number): Promise<[string, number, number]> => {
    const read = await log.read(from, 10_000)
    return [read.bytes.toString(), read.at, read.end]
  }
  expect(await slice(1110)).toEqual([numbered(111, 1), 1110, 1120])
  expect(await slice(1090)).toEqual([numbered(109, 1), 1090, 1120])
  expect(await slice(0)).toEqual([numbered(70, 40), 700, 1120])
  expect(await slice(5000)).toEqual(['', 1120, 1120])
})

test('a log somebody else cut is noticed', async () => {
  const log = new CappedLog(path, small)
  await appendFile(path, numbered(0, 20))
  await log.bounds()
  await truncate(path, 0)
  await appendFile(path, numbered(20, 1))
  expect(await log.read(100, 1000)).toMatchObject({ at: 200, end: 210 })
})

test('the tail reaches back into the part before the last rotation', async () => {
  await writeFile(`${path}.1`, 'old old old\n')
  await writeFile(path, 'new\n')
  expect(await readTail(path, 1000)).toEqual({ text: 'old old old\nnew\n', truncated: false })
  expect(await readTail(path, 8)).toEqual({ text: 'old\nnew\n', truncated: true })
  expect(await readTail(path, 2)).toEqual({ text: 'w\n', truncated: true })
  expect(await readTail(join(folder, 'missing.log'), 100)).toEqual({ text: '', truncated: false })
})

test('text that is cut inside a character begins with the next one', async () => {
  await writeFile(path, 'a€b')
  expect((await readTail(path, 3)).text).toBe('b')
  const stream = new TextStream()
  const euro = Buffer.from('€')
  expect([stream.push(euro.subarray(0, 1)), stream.push(euro.subarray(1)), stream.push(Buffer.from([0xff, 0x41])), stream.push(euro.subarray(0, 2)), stream.end()]).toEqual(['', '€', '\ufffdA', '', '\ufffd'])
})

async function collectUntil(pieces: AsyncIterable<LogPiece>, isEnough: (text: string) => boolean): Promise<{ text: string; skippedBytes: number }> {
  let text = ''
  let skippedBytes = 0
  for await (const piece of pieces) {
    text += piece.text
    skippedBytes += piece.skippedBytes
    if (isEnough(text)) break
  }
  return { text, skippedBytes }
}

test('following tells what is there, then what comes, also in a file that is made later', async () => {
  const log = new CappedLog(path)
  const following = collectUntil(followLog(log, { tailBytes: 100 }), (text) => text.endsWith('end\n'))
  await appendFile(path, 'one\n')
  await appendFile(path, 'two\nend\n')
  expect(await following).toEqual({ text: 'one\ntwo\nend\n', skippedBytes: 0 })
})

test('what an earlier boot wrote is left out for who wants only this one', async () => {
  const log = new CappedLog(path)
  await appendFile(path, 'before\n')
  await log.beginBoot()
  const anew = new CappedLog(path)
  const following = collectUntil(followLog(anew, { tailBytes: 100, thisBootOnly: true }), (text) => text.endsWith('now\n'))
  await appendFile(path, 'now\n')
  expect(await following).toEqual({ text: 'now\n', skippedBytes: 0 })
})

test('following goes on across a rotation without losing a byte', async () => {
  const log = new CappedLog(path, small)
  await appendFile(path, numbered(0, 100))
  const pieces = followLog(log, { tailBytes: 20 })
  expect((await pieces.next()).value).toEqual({ text: numbered(98, 2), skippedBytes: 0 })
  await appendFile(path, numbered(100, 10))
  await log.check()
  await appendFile(path, numbered(110, 10))
  expect(await collectUntil(pieces, (text) => text.endsWith('119\n'))).toEqual({ text: numbered(100, 20), skippedBytes: 0 })
})

test('a reader far behind skips ahead and is told how far', async () => {
  const log = new CappedLog(path)
  await appendFile(path, 'begin\n')
  const pieces = followLog(log, { tailBytes: 100, mostBehindBytes: 64 * 1024 })
  expect((await pieces.next()).value).toEqual({ text: 'begin\n', skippedBytes: 0 })
  await appendFile(path, numbered(0, 20_000))
  const rest = await collectUntil(pieces, (text) => text.endsWith('19999\n'))
  expect(rest.skippedBytes + rest.text.length).toBe(200_000)
  expect(rest.text.length).toBe(64 * 1024)
})

test('aborting ends the following', async () => {
  const abort = new AbortController()
  const pieces = followLog(new CappedLog(path), { tailBytes: 100, signal: abort.signal })
  const next = pieces.next()
  abort.abort()
  expect(await next).toEqual({ done: true, value: undefined })
})
