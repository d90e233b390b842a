/** Serves one byte stream to a page over one message link. */
import { ByteLink } from '../../contract/wire/byte-link.ts'
import type { MessageLink } from '../../contract/wire/message-link.ts'
import { joinStreams } from '../../engine/streams/join-streams.ts'
import { withEngine } from './engine-access.ts'
import type { EngineAccess } from './engine-access.ts'
import { linkDuplex } from './link-duplex.ts'
import { expected } from './serve-calls.ts'

/** Opens what the ticket stands for and carries its bytes until either side ends; a refusal is told over the link. */
export async function serveStream(link: MessageLink, ticket: string, engine: EngineAccess): Promise<void> {
  const page = new ByteLink(link)
  const gone = new AbortController()
  void page.over.then(() => gone.abort())
  try {
    const stream = await withEngine(engine, (connection) => connection.openStream(ticket, { signal: gone.signal }))
    if (gone.signal.aborted) {
      stream.destroy()
      return
    }
    page.accept()
    joinStreams(linkDuplex(page), stream)
  } catch (error) {
    page.refuse(expected(error, 'opening a stream', engine))
  }
}
