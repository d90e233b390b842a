/** The window's transport with Node's own MessagePorts; `electron.test.ts` runs it in Electron. */
import { MessageChannel } from 'node:worker_threads'
import type { MessageLink } from '../../contract/wire/message-link.ts'
import { connectInProcess } from '../../engine/in-process.ts'
import { lastingEngine } from '../../hosts/page/engine-access.ts'
import { serveCalls } from '../../hosts/page/serve-calls.ts'
import { serveStream } from '../../hosts/page/serve-stream.ts'
import { portLink } from '../../renderer/client/port-link.ts'
import { conformance } from './conformance.ts'
import { pageEngineConnection } from './page-engine-connection.ts'

conformance('MessagePort', (face, log) => {
  const engine = lastingEngine(connectInProcess(face, log), log)
  const ends = () => {
    const { port1, port2 } = new MessageChannel()
    // Node's ports have what a page's have, and more.
    return [port1, port2].map((port) => portLink(port as unknown as Parameters<typeof portLink>[0])) as [MessageLink, MessageLink]
  }
  return Promise.resolve(
    pageEngineConnection({
      openCalls: () => {
        const [here, there] = ends()
        serveCalls(there, engine)
        return Promise.resolve(here)
      },
      openStream: (ticket) => {
        const [here, there] = ends()
        void serveStream(there, ticket, engine)
        return Promise.resolve(here)
      },
    }),
  )
})
