/**
 * The page's way to the engine, whichever host shows it. A link that broke is opened anew by the
 * next call, so whoever wants to stay connected calls again; nothing here runs on a timer.
 */
import { createORPCClient } from '@orpc/client'
import type { ContractRouterClient } from '@orpc/contract'
import type { Contract } from '../../contract/contract.ts'
import { ByteLink } from '../../contract/wire/byte-link.ts'
import type { MessageLink } from '../../contract/wire/message-link.ts'
import { createCallLink } from './call-link.ts'
import type { CallLink } from './call-link.ts'

export type ContractClient = ContractRouterClient<Contract>

/** What a host offers its page. Both reject with `MayflyError` where there is no way. */
export interface PageTransport {
  openCalls(): Promise<MessageLink>
  openStream(ticket: string): Promise<MessageLink>
}

export interface PageConnection {
  readonly client: ContractClient
  /** Opens the byte stream a ticket stands for. Rejects with `not-found` for a ticket that is unknown, used or too old. */
  openStream(ticket: string): Promise<ByteLink>
  /** Ends the link for calls and everything under way over it. */
  close(): void
}

export function connectPage(transport: PageTransport): PageConnection {
  let current: CallLink | undefined
  let opening: Promise<CallLink> | undefined
  let closed = false

  function callLink(): Promise<CallLink> {
    if (current?.open === true) return Promise.resolve(current)
    opening ??= transport.openCalls().then(
      (link) => {
        opening = undefined
        current = createCallLink(link)
        if (closed) current.close()
        return current
      },
      (error: unknown) => {
        opening = undefined
        throw error
      },
    )
    return opening
  }

  return {
    client: createORPCClient<ContractClient>({ call: async (path, input, { signal }) => (await callLink()).call(path, input, signal) }),
    openStream: async (ticket) => {
      const stream = new ByteLink(await transport.openStream(ticket))
      await stream.opened
      return stream
    },
    close: () => {
      closed = true
      current?.close()
    },
  }
}
