/**
 * What the engine shows to those who hold it: the router behind the contract, the desk that
 * hands out byte streams, and why it would rather stay. Every transport is built on this alone.
 */
import type { ContractRouterClient } from '@orpc/contract'
import type { Router } from '@orpc/server'
import type { Duplex } from 'node:stream'
import type { Contract } from '../contract/contract.ts'
import type { StreamDesk } from './streams/stream-desk.ts'

export type EngineRouter = Router<Contract, Record<never, never>>

export interface EngineFace {
  readonly router: EngineRouter
  readonly streams: StreamDesk
  /** Why the engine should stay although nobody is connected, a sentence each. Empty: nothing is lost if it ends. */
  obligations(): string[]
  /** What an earlier engine left half done is still being finished. */
  isSettling(): boolean
  /** Lets go of everything; machines run on. */
  close(): Promise<void>
}

export type EngineClient = ContractRouterClient<Contract>

/**
 * A client of the engine, whatever lies between. Calls reject with `MayflyError` and nothing
 * else; an aborted call rejects with `cancelled`, a transport that broke with `host-unavailable`.
 */
export interface EngineConnection {
  readonly client: EngineClient
  /** Opens the byte stream a ticket stands for. Throws `not-found` for a ticket that is unknown, used or too old. */
  openStream(ticket: string, options?: { readonly signal?: AbortSignal }): Promise<Duplex>
  close(): Promise<void>
}

/** Where the engine's own log goes. A reference ties what a user was told to what was logged. */
export interface EngineLog {
  info(sentence: string): void
  /** Something unexpected: our fault or the host's. */
  bug(reference: string, error: unknown): void
}
