/** The one connection of this page to the engine. */
import type { ByteLink } from '../../contract/wire/byte-link.ts'
import { connect } from '../client/connect.ts'

const connection = connect()

/** Every procedure of the contract. Rejects with `MayflyError` and nothing else. */
export const engine = connection.client

/** Opens the bytes a ticket stands for. */
export function openStream(ticket: string): Promise<ByteLink> {
  return connection.openStream(ticket)
}

/** Asks over a fresh link, and goes on with it where an answer comes. Rejects as the asking does. */
export function tryFreshLink(ask: (client: typeof engine) => Promise<unknown>): Promise<void> {
  return connection.tryFreshLink(ask)
}
