/** MessagePorts in a real Electron: the page's client, the preload script, main, and an engine behind main's socket. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { pageOrigin } from '../../contract/wire/desktop-bridge.ts'
import { serveSocket } from '../../hosts/socket/server.ts'
import { launchElectron } from '../drivers/electron.fixture.ts'
import type { ElectronDriver } from '../drivers/electron.fixture.ts'
import { bundleForElectron, bundleForPage } from './bundle.ts'
import { conformance } from './conformance.ts'
import { pageConnection } from './page-connection.ts'

let folder: string
let driver: ElectronDriver
let relay: string
const socket = () => join(folder, 'engine.sock')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-el-'))
  const app = join(folder, 'app')
  await mkdir(app)
  await writeFile(join(app, 'package.json'), '{"name":"mayfly-bare","version":"0.0.0","type":"module","main":"main/main.mjs"}')
  await bundleForElectron('e2e/conformance/bare-desktop.ts', join(app, 'main/main.mjs'), 'esm')
  await bundleForElectron('electron/preload/preload.ts', join(app, 'preload/preload.cjs'), 'commonjs')
  relay = await bundleForPage('e2e/conformance/page-relay.ts')
  driver = await launchElectron({ home: folder, folder: app, env: { MAYFLY_TEST_SOCKET: socket() } })
})

afterAll(async () => {
  await driver.close()
  await rm(folder, { recursive: true })
})

conformance('MessagePort in Electron', async (face, log) => {
  const server = await serveSocket({ face, path: socket(), identity: { version: '0', pid: process.pid, holder: 'test' }, log, onShutdown: () => undefined })
  // Our origin, without the app.
  await driver.page.goto(`${pageOrigin}/bare.txt`)
  const connection = await pageConnection(driver.page, relay)
  return {
    ...connection,
    close: async () => {
      await connection.close()
      await server.close()
    },
  }
})
