/** Whether a machine's RAM can be had in layers is known, or it is refused: a guess would make a checkpoint without RAM. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { identifyProcess } from '../qemu/process/process-identity.ts'
import { readPile } from './ram-pile.ts'

let socket = ''
const self = identifyProcess(process.pid)
if (self === null) throw new Error('This process is there.')
const live = { process: self }

beforeEach(async () => {
  socket = join(await mkdtemp(join(tmpdir(), 'mayfly-pile-')), 'ram.sock')
})
afterEach(() => rm(join(socket, '..'), { recursive: true }))

/** A library that answers a question with these bytes. */
async function answering(bytes: Buffer, then: () => Promise<void>): Promise<void> {
  const server = createServer((connection) => connection.once('data', () => connection.end(bytes)))
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  try {
    await then()
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

test('a QEMU in which nobody listens has no library', async () => {
  expect(await readPile(live, socket)).toBeNull()
})

test('a library that breaks off, or answers something else, is not taken for none', async () => {
  const refusing = Buffer.alloc(16)
  refusing.writeUInt32LE(0x4d52464d, 0)
  refusing.writeUInt16LE(1, 4)
  refusing.writeUInt16LE(3, 6)
  for (const bytes of [Buffer.alloc(0), Buffer.from('hello'), refusing.subarray(0, 10), refusing]) {
    await answering(bytes, () => expect(readPile(live, socket)).rejects.toMatchObject({ code: 'host-unavailable', details: { check: 'ram-library' } }))
  }
})
