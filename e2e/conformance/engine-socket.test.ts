import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectEngine } from '../../hosts/socket/client.ts'
import { serveSocket } from '../../hosts/socket/server.ts'
import { conformance } from './conformance.ts'

conformance('engine.sock', async (face, log) => {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-socket-'))
  const path = join(folder, 'engine.sock')
  const server = await serveSocket({ face, path, identity: { version: '0', pid: process.pid, holder: 'test' }, log, onShutdown: () => undefined })
  const connection = connectEngine(path)
  return {
    ...connection,
    close: async () => {
      await connection.close()
      await server.close()
      await rm(folder, { recursive: true })
    },
  }
})
