/** What a run was given and what was copied out of it, in the window: in a browser, where a file is saved as browsers save files. */
import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tarBytes, type TarSource, writeTar } from '../../engine/archive/write-tar.ts'
import { until } from '../conformance/until.ts'
import { launchChromium } from '../drivers/chromium.fixture.ts'
import { nothingFoundIn } from './access.fixture.ts'
import { Stage } from './stage.fixture.ts'

let stage: Stage

beforeAll(async () => {
  stage = await Stage.open(launchChromium)
  const job = await stage.client.job.wait({ job: (await stage.client.template.make({ name: 'clean', image: 'tiny', memoryMiB: 256, cpus: 1 })).id })
  if (job.state !== 'done') throw new Error(`The template was not made: ${JSON.stringify(job.error)}`)
  await stage.client.template.setPool({ template: 'clean', wanted: '0' })
  await giveAndTake()
}, 300_000)
afterAll(() => stage.close(), 60_000)

/** A run that is given a file, and gives it and another back. */
async function giveAndTake(): Promise<void> {
  const sources: TarSource[] = [{ entry: { kind: 'file', path: 'in/given', mode: 0o644, bytes: 5, modifiedSeconds: 1, target: '' }, content: () => Readable.from([Buffer.from('given')]) }]
  const { ticket, upload } = await stage.client.run.upload({ bytes: tarBytes(sources) })
  await pipeline(Readable.from(writeTar(sources)), await stage.home.connection.openStream(ticket), async (rest) => {
    for await (const _ of rest);
  })
  const { run } = await stage.client.run.start({ template: 'clean', argv: ['sh', '-c', 'cat /in/given; mkdir -p /out/deep; cp /in/given /out; echo "<b>made</b>" > /out/deep/made.html; ln -s given /out/also'], upload, copyOut: ['/out'] })
  await until(async () => (await stage.client.run.show({ run: run.id })).state === 'passed', 'the first run has passed', 60_000)
}

test('files that were copied out are listed with their sizes, and saved one by one', async () => {
  const { page } = stage
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Runs' }).click()
  await page.getByRole('link', { name: 'Run 1' }).click()
  await page.getByText('Files', { exact: true }).click()
  const files = page.getByRole('region', { name: /^Files of / })
  await files.getByText('3 files').waitFor()
  expect(await files.getByRole('listitem').allTextContents()).toEqual(['out/alsolink', 'out/deep/made.html12 B', 'out/given5 B'])
  await nothingFoundIn(stage, 'files of a run')
  const folder = process.env['MAYFLY_SPEC_PICTURES']
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true })
    await page.screenshot({ path: join(folder, 'run-files.png') })
  }
  const [download] = await Promise.all([page.waitForEvent('download'), files.getByRole('button', { name: 'Save out/deep/made.html' }).click()])
  expect([download.suggestedFilename(), await readFile(await download.path(), 'utf8')]).toEqual(['made.html', '<b>made</b>\n'])
}, 60_000)

test('run again gives its command the same files; with changes they can be left out', async () => {
  const { page, client } = stage
  await page.getByRole('button', { name: 'Run again', exact: true }).click()
  await page.getByRole('heading', { name: 'Run 2' }).waitFor()
  await until(async () => (await client.run.list({}))[0]?.state === 'passed', 'the second run has passed', 60_000)
  await page.getByRole('button', { name: 'Run again with changes' }).click()
  await page.getByRole('menuitem', { name: 'Run again with changes' }).click()
  await page.getByText('Its commands are given the files that run 2 was given').waitFor()
  await nothingFoundIn(stage, 'a run that is given files')
  const folder = process.env['MAYFLY_SPEC_PICTURES']
  if (folder !== undefined) await page.screenshot({ path: join(folder, 'run-given-files.png'), fullPage: true })
  await page.getByRole('button', { name: 'Leave them out' }).click()
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByRole('heading', { name: 'Run 3' }).waitFor()
  await until(async () => (await client.run.list({}))[0]?.endedAt !== null, 'the third run is over', 60_000)
  expect((await client.run.list({})).map(({ number, input }) => [number, input?.kept])).toEqual([[3, undefined], [2, true], [1, true]])
}, 120_000)
