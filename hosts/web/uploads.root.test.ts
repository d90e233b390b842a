/** An upload onto a disk that fills up on the way; only root can mount a small one. */
import { Readable } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LogInMemory, SyntheticEngine } from '../../e2e/conformance/synthetic-engine.ts'
import { SmallDisk } from '../../e2e/engine/small-disk.fixture.ts'
import { connectInProcess } from '../../engine/in-process.ts'
import { lastingEngine } from '../page/engine-access.ts'
import { Uploads } from './uploads.ts'

let disk: SmallDisk
let engine: SyntheticEngine

beforeEach(async () => {
  disk = await SmallDisk.mount(16)
  engine = new SyntheticEngine()
})

afterEach(async () => {
  await engine.close()
  await disk.unmount()
})

const mebibyte = 1024 ** 2

test('a full disk is told as one, nothing is counted that is not there, and the upload goes on when there is room', async () => {
  const log = new LogInMemory()
  const uploads = new Uploads(join(disk.path, 'uploads'), lastingEngine(connectInProcess(engine, log), log))
  const { id } = await uploads.begin({ fileName: 'x.iso', sizeBytes: 4 * mebibyte })
  const makeRoom = await disk.fillUp(mebibyte)
  const take = (offset: number) => uploads.take(id, offset, Readable.from([Buffer.alloc(2 * mebibyte)]) as IncomingMessage)
  await expect(take(0)).rejects.toMatchObject({ code: 'no-space' })
  const { receivedBytes } = uploads.show(id)
  expect(receivedBytes).toBeLessThanOrEqual(mebibyte)
  await makeRoom()
  expect(await take(receivedBytes)).toMatchObject({ receivedBytes: receivedBytes + 2 * mebibyte, job: null })
  await uploads.close()
})
