/** What guests, files and people call things is shown as it is written, in both hosts, and what is copied for a report is whole. */
import { join } from 'node:path'
import type { Page, WebSocketRoute } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { connectEngine } from '../../hosts/socket/client.ts'
import { until } from '../conformance/until.ts'
import { bothHosts, ownHomes } from '../drivers/both-hosts.fixture.ts'
import { launchChromium } from '../drivers/chromium.fixture.ts'
import type { Driver } from '../drivers/driver.fixture.ts'
import { Window } from '../pages/window.ts'

const home = ownHomes()

async function open(launch: (options: { readonly home: string }) => Promise<Driver>) {
  const launched = await launch({ home: home.folder })
  home.afterwards(() => launched.close())
  launched.page.setDefaultTimeout(30_000)
  await launched.page.getByRole('heading', { level: 1 }).waitFor()
  const engine = connectEngine(join(home.folder, 'run', 'engine.sock'))
  home.afterwards(() => engine.close())
  return { page: launched.page, window: new Window(launched.page), client: engine.client }
}

const hostile = `<img src=x onerror="document.title='owned'">`

/** Nothing that was only said has become part of the page. */
async function expectNothingTaken(page: Page): Promise<void> {
  expect(await page.evaluate(`[document.title.includes('owned'), document.querySelectorAll('img[src="x"], [onerror], script:not([src])').length]`)).toEqual([false, 0])
}

describe.each(bothHosts)('in %s', (_name, _holder, launch) => {
  test('names of machines, tags, notes and checkpoints are text wherever they are shown', async () => {
    const { page, window, client } = await open(launch)
    const { id } = await client.machine.create({ name: hostile, notes: `${hostile}\n<script>document.title = 'owned'</script>`, memoryMiB: 128, diskMiB: 64 })
    await client.machine.create({ name: '</title><style>*{display:none}</style>', memoryMiB: 128, diskMiB: 64 })
    await client.job.wait({ job: (await client.checkpoint.take({ machine: id, label: hostile })).id })
    await window.list.row(hostile).waitFor()
    for (const path of [`/machines/${id}`, ...['overview', 'hardware', 'network', 'timeline', 'log'].map((tab) => `/machines/${id}/${tab}`)]) {
      await window.go(path)
      await window.machine.name.filter({ hasText: hostile }).waitFor()
      if (path.endsWith('timeline')) await page.getByRole('tabpanel').getByText(hostile).first().waitFor()
      await expectNothingTaken(page)
    }
    await window.go('/grid')
    await page.getByText(hostile).first().waitFor()
    await expectNothingTaken(page)
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByText(hostile).first().waitFor()
    await expectNothingTaken(page)
    await page.keyboard.press('Escape')
    await window.go(`/machines/${id}`)
    await window.machine.more('Delete')
    await page.getByRole('dialog').filter({ hasText: hostile }).waitFor()
    await expectNothingTaken(page)
  }, 120_000)

  test('what About and the Doctor copy is all a report needs; the folders say what they follow', async () => {
    const { page, window } = await open(launch)
    const copied = async (button: string): Promise<string> => {
      await page.getByRole('button', { name: button }).click()
      await page.getByRole('button', { name: 'Copied' }).waitFor()
      return page.evaluate<string>('navigator.clipboard.readText()')
    }
    await window.go('/about')
    await page.getByText(/^Apache/).waitFor()
    await page.getByText(join(home.folder, 'data')).waitFor()
    expect(JSON.parse(await copied('Copy diagnostics'))).toMatchObject({ engine: { version: expect.any(String) as string }, host: { folders: { data: join(home.folder, 'data') }, qemu: { version: expect.any(String) as string } }, browser: expect.stringContaining('Chrome') as string })
    await window.go('/doctor')
    await page.getByText(/\d+ checks in/).waitFor()
    const report = await copied('Copy report')
    expect(report.match(/^ {2}found: /gm)?.length).toBe(report.match(/^(?:ok|warning|problem|unknown): /gm)?.length)
    expect(report).not.toBe('')
    await window.go('/settings/folders')
    await page.getByText('They follow MAYFLY_HOME, set before Mayfly starts, and are not changed here.').waitFor()
  }, 120_000)
})

test('what a screen calls itself is not drawn into the page', async () => {
  const { page, window, client } = await open(launchChromium)
  await page.routeWebSocket(/\/stream\//, (socket) => beScreen(socket, `</title>${hostile}<script>document.title='owned'</script>\u001b]0;owned\u0007${'x'.repeat(100_000)}`))
  await client.machine.create({ name: 'screen', memoryMiB: 128, diskMiB: 64, start: true })
  home.afterwards(() => client.machine.stop({ machine: 'screen', force: true }))
  await window.openMachine('screen')
  await until(async () => (await window.machine.screen.picture.count()) === 1 && (await window.machine.screen.look()).width === 64, 'the screen is connected', 30_000)
  await expectNothingTaken(page)
  expect(await page.getByText('owned').count()).toBe(0)
}, 120_000)

/** A VNC server (RFC 6143, 7.1 to 7.3) over a byte link: 64 by 48, with that name. */
function beScreen(socket: WebSocketRoute, name: string): void {
  const init = Buffer.alloc(24)
  init.writeUInt16BE(64, 0)
  init.writeUInt16BE(48, 2)
  // 32 bits a pixel, 24 of them used, true colour: 255 of each at 16, 8 and 0.
  Buffer.from([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0]).copy(init, 4)
  init.writeUInt32BE(Buffer.byteLength(name), 20)
  const whole = Buffer.concat([init, Buffer.from(name)])
  const parts = Array.from({ length: Math.ceil(whole.length / 32_768) }, (_, index) => whole.subarray(index * 32_768, (index + 1) * 32_768))
  /** What is said once the client has said so many bytes. */
  const says: [after: number, what: readonly Buffer[]][] = [[12, [Buffer.from([1, 1])]], [13, [Buffer.alloc(4)]], [14, parts]]
  let heard = 0
  socket.onMessage((message) => {
    if (typeof message === 'string') return
    heard += message.length
    for (let [next] = says; next !== undefined && heard >= next[0]; [next] = says) {
      says.shift()
      for (const part of next[1]) socket.send(part)
    }
  })
  socket.send('{"open":true}')
  socket.send(Buffer.from('RFB 003.008\n'))
}
