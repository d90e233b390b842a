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
  /**
   * For calls that get no answer: asks over a link beside the present one, and where an answer comes, that
   * one is used from now on and what was under way over the other is lost. Rejects as opening or asking
   * does; then the present one stays.
   */
  tryFreshLink(ask: (client: ContractClient) => Promise<unknown>): Promise<void>
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

  const clientOf = (link: () => Promise<CallLink>): ContractClient => createORPCClient<ContractClient>({ call: async (path, input, { signal }) => (await link()).call(path, input, signal) })

  return {
    client: clientOf(callLink),
    tryFreshLink: async (ask) => {
      const before = current
      const fresh = createCallLink(await transport.openCalls())
      try {
        await ask(clientOf(() => Promise.resolve(fresh)))
      } catch (error) {
        fresh.close()
        throw error
      }
      // The other broke meanwhile, and somebody has opened the next already.
      if (closed || (current !== before && current?.open === true)) return fresh.close()
      current = fresh
      before?.close()
    },
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
