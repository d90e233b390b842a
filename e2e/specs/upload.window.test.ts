/** An image goes from a page to the engine: in pieces, over a connection that breaks, into an image machines can use. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeIso } from '../../engine/images/image-files.fixture.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { bundleForPage } from '../conformance/bundle.ts'
import { until } from '../conformance/until.ts'
import { launchChromium } from '../drivers/chromium.fixture.ts'
import type { ChromiumDriver } from '../drivers/chromium.fixture.ts'

let home: string
let driver: ChromiumDriver

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-up-'))
  driver = await launchChromium({ home })
  await driver.page.goto(`${driver.origin}/login.css`)
  await driver.page.evaluate(await bundleForPage('e2e/conformance/upload-relay.ts'))
})

afterAll(async () => {
  await driver.close()
  await rm(home, { recursive: true })
})

interface Uploaded {
  readonly job?: { readonly id: string }
  readonly error?: { readonly code: string }
  readonly progress: readonly number[]
}

function upload(bytes: Buffer, fileName: string, name: string): Promise<Uploaded> {
  // The test's own script put it into the page.
  return driver.page.evaluate(([base64, file, as]) => (globalThis as unknown as { upload(...words: string[]): Promise<Uploaded> }).upload(base64 ?? '', file ?? '', as ?? ''), [bytes.toString('base64'), fileName, name])
}

test('a file of several pieces becomes an image, though its connection breaks on the way', async () => {
  const iso = makeIso('from the page', 10 * 1024)
  let pieces = 0
  await driver.page.route('**/upload/*', (route) => {
    if (route.request().method() === 'PUT' && ++pieces === 2) return route.abort('connectionreset')
    return route.continue()
  })
  const { job, error, progress } = await upload(iso, 'over ther/../e.iso', 'uploaded')
  await driver.page.unrouteAll()
  expect(error).toBeUndefined()
  expect([progress[0], progress.at(-1), pieces]).toEqual([0, iso.length, 4])

  const engine = connectEngine(join(home, 'run', 'engine.sock'))
  expect(await engine.client.job.wait({ job: job?.id ?? '' })).toMatchObject({ state: 'done' })
  expect(await engine.client.image.list({})).toMatchObject([{ name: 'uploaded', kind: 'iso', sizeBytes: iso.length, broken: null }])
  await engine.close()
  // What was put together goes with the job.
  await until(async () => (await readdir(join(home, 'data', 'uploads'))).length === 0, 'nothing is left')
})

test('an upload that the session may not make is told as such', async () => {
  await driver.page.evaluate('localStorage.clear()')
  expect(await upload(Buffer.from('x'), 'x.iso', 'x')).toMatchObject({ error: { code: 'host-unavailable' } })
})
