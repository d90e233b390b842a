/** The page's client as the suite takes it: with Node streams. */
import type { EngineConnection } from '../../engine/engine-face.ts'
import { linkDuplex } from '../../hosts/page/link-duplex.ts'
import { connectPage } from '../../renderer/client/page-connection.ts'
import type { PageTransport } from '../../renderer/client/page-connection.ts'

export function pageEngineConnection(transport: PageTransport): EngineConnection {
  const page = connectPage(transport)
  return {
    client: page.client,
    openStream: async (ticket) => linkDuplex(await page.openStream(ticket)),
    close: () => {
      page.close()
      return Promise.resolve()
    },
  }
}
