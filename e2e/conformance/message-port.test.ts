/** The window's transport with Node's own MessagePorts; `electron.test.ts` runs it in Electron. */
import { MessageChannel } from 'node:worker_threads'
import { connectInProcess } from '../../engine/in-process.ts'
import { serveCalls } from '../../hosts/page/serve-calls.ts'
import { serveStream } from '../../hosts/page/serve-stream.ts'
import { portLink } from '../../renderer/client/port-link.ts'
import { conformance } from './conformance.ts'
import { pageEngineConnection } from './page-engine-connection.ts'

conformance('MessagePort', (face, log) => {
  const inner = connectInProcess(face, log)
  const engine = { connection: () => Promise.resolve(inner), log }
  const ends = () => {
    const { port1, port2 } = new MessageChannel()
    return [portLink(port1 as unknown as MessagePort), portLink(port2 as unknown as MessagePort)] as const
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
