/** A network between a page and its host that goes away without a word: no packet says so, so the page has to find out. */
import { join } from 'node:path'
import type { WebSocketRoute } from 'playwright-core'
import { expect, test } from 'vitest'
import { connectEngine } from '../../hosts/socket/client.ts'
import { launchChromium } from '../drivers/chromium.fixture.ts'
import { ownHomes } from '../drivers/both-hosts.fixture.ts'

const home = ownHomes()

test('a page whose link is dead goes on over a fresh one, and says that it cannot reach Mayfly where there is none', async () => {
  const driver = await launchChromium({ home: home.folder })
  home.afterwards(() => driver.close())
  const { page } = driver
  const links: { dead: boolean }[] = []
  let isNetworkThere = true
  await page.routeWebSocket(/\/rpc$/, (socket) => {
    // Without a network the browser waits for an answer to its handshake.
    if (!isNetworkThere) return new Promise(() => undefined)
    const link = { dead: false }
    links.push(link)
    passOn(socket, link)
    return undefined
  })
  await page.reload()
  await page.getByRole('heading', { level: 1 }).waitFor()
  const engine = connectEngine(join(home.folder, 'run', 'engine.sock'))
  home.afterwards(() => engine.close())

  for (const link of links) link.dead = true
  await engine.client.machine.create({ name: 'made meanwhile' })
  await page.getByText('made meanwhile').first().waitFor({ timeout: 60_000 })
  expect(links.map(({ dead }) => dead)).toEqual([true, false])

  for (const link of links) link.dead = true
  isNetworkThere = false
  const line = page.getByRole('status').filter({ hasText: 'Mayfly cannot be reached from this page. Machines go on.' })
  await line.waitFor({ timeout: 60_000 })
  expect(await line.getByRole('button').count()).toBe(0)
  isNetworkThere = true
  await engine.client.machine.create({ name: 'made afterwards' })
  await page.getByText('made afterwards').first().waitFor({ timeout: 60_000 })
  await line.waitFor({ state: 'hidden' })
}, 240_000)

function passOn(socket: WebSocketRoute, link: { readonly dead: boolean }): void {
  const server = socket.connectToServer()
  socket.onMessage((message) => {
    if (!link.dead) server.send(message)
  })
  server.onMessage((message) => {
    if (!link.dead) socket.send(message)
  })
}
