/** WebSockets in a real Chromium: the page's client, let in at `/login`, and the web server before an engine. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { connectInProcess } from '../../engine/in-process.ts'
import { lastingEngine } from '../../hosts/page/engine-access.ts'
import { serveWeb } from '../../hosts/web/server.ts'
import { launchBrowser } from '../drivers/chromium.fixture.ts'
import { bundleForPage } from './bundle.ts'
import { conformance } from './conformance.ts'
import { pageConnection } from './page-connection.ts'

let folder: string
let browser: Browser
let page: Page
let relay: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-cr-'))
  relay = await bundleForPage('e2e/conformance/page-relay.ts')
  browser = await launchBrowser()
  page = await browser.newPage()
})

afterAll(async () => {
  await browser.close()
  await rm(folder, { recursive: true })
})

conformance('WebSocket in Chromium', async (face, log) => {
  const server = await serveWeb({ engine: lastingEngine(connectInProcess(face, log), log), port: 0, uploadsFolder: join(folder, 'uploads'), pageFolder: join(folder, 'no-app') })
  // One page serves all: a browser has no more to do with the test before once it has left that address.
  await page.context().clearCookies()
  await page.goto(server.newAddress())
  await page.waitForURL(`${server.origin}/`)
  // Our origin, without the app.
  await page.goto(`${server.origin}/login.css`)
  const connection = await pageConnection(page, relay)
  return {
    ...connection,
    close: async () => {
      await connection.close()
      await server.close()
    },
  }
})
