/** A network between a page and its host that goes away without a word: no packet says so, so the page has to find out. */
import { join } from 'node:path'
import type { Page, WebSocketRoute } from 'playwright-core'
import { expect, test } from 'vitest'
import { connectEngine } from '../../hosts/socket/client.ts'
import type { SocketConnection } from '../../hosts/socket/client.ts'
import { launchChromium } from '../drivers/chromium.fixture.ts'
import { ownHome } from '../drivers/both-hosts.fixture.ts'

interface Links {
  readonly page: Page
  readonly engine: SocketConnection
  /** Dead ones carry nothing, and say so to nobody. */
  readonly links: { dead: boolean }[]
  isNetworkThere: boolean
}

/** A page whose links to its host can be cut without a word. */
async function openPage(afterwards: (cleanup: () => Promise<void>) => void): Promise<Links> {
  const home = await ownHome(afterwards)
  const driver = await launchChromium({ home })
  afterwards(() => driver.close())
  const { page } = driver
  const engine = connectEngine(join(home, 'run', 'engine.sock'))
  afterwards(() => engine.close())
  const opened: Links = { page, engine, links: [], isNetworkThere: true }
  await page.routeWebSocket(/\/rpc$/, (socket) => {
    // Without a network the browser waits for an answer to its handshake.
    if (!opened.isNetworkThere) return new Promise(() => undefined)
    const link = { dead: false }
    opened.links.push(link)
    passOn(socket, link)
    return undefined
  })
  await page.reload()
  await page.getByRole('heading', { level: 1 }).waitFor()
  return opened
}

export function deadLinkSpecs(): void {
  test.concurrent('a page whose link is dead goes on over a fresh one', async ({ onTestFinished }) => {
    const { page, engine, links } = await openPage(onTestFinished)
    for (const link of links) link.dead = true
    await engine.client.machine.create({ name: 'made meanwhile' })
    await page.getByText('made meanwhile').first().waitFor({ timeout: 60_000 })
    expect(links.map(({ dead }) => dead)).toEqual([true, false])
  }, 240_000)

  test.concurrent('a page whose link is dead says that it cannot reach Mayfly where there is none, until there is one', async ({ onTestFinished }) => {
    const opened = await openPage(onTestFinished)
    const { page, engine, links } = opened
    for (const link of links) link.dead = true
    opened.isNetworkThere = false
    const line = page.getByRole('status').filter({ hasText: 'Mayfly cannot be reached from this page. Machines go on.' })
    await line.waitFor({ timeout: 60_000 })
    expect(await line.getByRole('button').count()).toBe(0)
    opened.isNetworkThere = true
    await engine.client.machine.create({ name: 'made afterwards' })
    await page.getByText('made afterwards').first().waitFor({ timeout: 60_000 })
    await line.waitFor({ state: 'hidden' })
  }, 240_000)
}

function passOn(socket: WebSocketRoute, link: { readonly dead: boolean }): void {
  const server = socket.connectToServer()
  socket.onMessage((message) => {
    if (!link.dead) server.send(message)
  })
  server.onMessage((message) => {
    if (!link.dead) socket.send(message)
  })
}
