/** The browser's transport with WebSockets of Node; `chromium.test.ts` runs it in Chromium. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { streamPath } from '../../contract/wire/browser-session.ts'
import { connectInProcess } from '../../engine/in-process.ts'
import { lastingEngine } from '../../hosts/page/engine-access.ts'
import { enter, openLink } from '../../hosts/web/browser.fixture.ts'
import { serveWeb } from '../../hosts/web/server.ts'
import { conformance } from './conformance.ts'
import { pageEngineConnection } from './page-engine-connection.ts'

conformance('WebSocket', async (face, log) => {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-web-'))
  const server = await serveWeb({ engine: lastingEngine(connectInProcess(face, log), log), port: 0, uploadsFolder: join(folder, 'uploads') })
  const entered = await enter(server)
  const connection = pageEngineConnection({
    openCalls: () => openLink(entered, '/rpc'),
    openStream: (ticket) => openLink(entered, streamPath(ticket)),
  })
  return {
    ...connection,
    close: async () => {
      await connection.close()
      await server.close()
      await rm(folder, { recursive: true })
    },
  }
})
