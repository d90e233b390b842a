/** An image goes from a page to the engine: in pieces, over a connection that breaks, into an image machines can use. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import type { ClientRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sessionKeyHeader } from '../../contract/wire/browser-session.ts'
import { makeIso } from '../../engine/images/image-files.fixture.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { bundleForPage } from '../conformance/bundle.ts'
import { until } from '../conformance/until.ts'
import { launchChromium } from '../drivers/chromium.fixture.ts'
import type { ChromiumDriver } from '../drivers/chromium.fixture.ts'
import { ImagesPage } from '../pages/images-page.ts'

let home: string
let driver: ChromiumDriver

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-up-'))
  driver = await launchChromium({ home })
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

async function openRelay(): Promise<void> {
  await driver.page.goto(`${driver.origin}/login.css`)
  await driver.page.evaluate(await bundleForPage('e2e/conformance/upload-relay.ts'))
}

function upload(bytes: Buffer, fileName: string, name: string): Promise<Uploaded> {
  // The test's own script put it into the page.
  return driver.page.evaluate(([base64, file, as]) => (globalThis as unknown as { upload(...words: string[]): Promise<Uploaded> }).upload(base64 ?? '', file ?? '', as ?? ''), [bytes.toString('base64'), fileName, name])
}

test('a file of several pieces becomes an image, though its connection breaks on the way', async () => {
  await openRelay()
  const iso = makeIso('from the page', 10 * 1024)
  let pieces = 0
  const stale: ClientRequest[] = []
  await driver.page.route('**/upload/*', async (route) => {
    const request = route.request()
    if (request.method() !== 'PUT' || ++pieces !== 2) return route.continue()
    // A connection that broke on the way: the page knows, the server still waits for the rest.
    const [cookie] = await driver.page.context().cookies()
    const piece = httpRequest(request.url(), { method: 'PUT', headers: { origin: driver.origin, cookie: `${cookie?.name}=${cookie?.value}`, [sessionKeyHeader]: request.headers()[sessionKeyHeader] ?? '', 'content-length': 1024 ** 2 }, agent: false }).on('error', () => undefined)
    stale.push(piece)
    await new Promise((resolve) => piece.write(iso.subarray(8 * 1024 ** 2, 8 * 1024 ** 2 + 1000), resolve))
    return route.abort('connectionreset')
  })
  const { job, error, progress } = await upload(iso, 'over ther/../e.iso', 'uploaded')
  await driver.page.unrouteAll()
  expect(error).toBeUndefined()
  // Whether the stale bytes had arrived when the page asked is the network's affair: it may have had to ask twice.
  expect([progress[0], progress.at(-1), pieces === 3 || pieces === 4]).toEqual([0, iso.length, true])
  for (const piece of stale) piece.destroy()

  const engine = connectEngine(join(home, 'run', 'engine.sock'))
  expect(await engine.client.job.wait({ job: job?.id ?? '' })).toMatchObject({ state: 'done' })
  expect(await engine.client.image.list({})).toMatchObject([{ name: 'uploaded', kind: 'iso', sizeBytes: iso.length, broken: null }])
  await engine.close()
  // What was put together goes with the job.
  await until(async () => (await readdir(join(home, 'data', 'uploads'))).length === 0, 'nothing is left')
})

test('a page that was loaded anew says what is half sent, and goes on with it when the file is added again', async () => {
  const { page } = driver
  const file = join(home, 'half.iso')
  const iso = makeIso('half', 10 * 1024)
  await writeFile(file, iso)
  const images = new ImagesPage(page)
  const offsets: string[] = []
  let broken = true
  await page.route('**/upload/*', (route) => {
    if (route.request().method() !== 'PUT') return route.continue()
    const offset = new URL(route.request().url()).searchParams.get('offset') ?? ''
    if (broken && offset !== '0') return route.abort('connectionreset')
    offsets.push(offset)
    return route.continue()
  })
  await page.goto(`${driver.origin}/images`)
  await images.add(file, driver)
  const row = page.getByRole('listitem').filter({ hasText: 'half.iso' })
  await row.getByText('sending, 8 MiB / 20 MiB').waitFor()
  await page.reload()
  broken = false
  await row.getByText('stopped at 8 MiB / 20 MiB: add the file again to go on').waitFor()
  await images.add(file, driver)
  await images.row('half').waitFor()
  await row.waitFor({ state: 'detached' })
  expect(offsets).toEqual(['0', '8388608', '16777216'])
  await page.unrouteAll()
})

test('an upload that the session may not make is told as such', async () => {
  await openRelay()
  await driver.page.evaluate('localStorage.clear()')
  expect(await upload(Buffer.from('x'), 'x.iso', 'x')).toMatchObject({ error: { code: 'host-unavailable' } })
})
