/**
 * What client and server of `engine.sock` agree on: plain HTTP/1.1, so that anything can look at
 * it. Calls are the RPC library's POSTs, byte streams are upgrades, and two routes are the same
 * in every version: one tells who is there, the other asks it to end.
 */

/** Carries the contract's hash, in every request and every answer. */
export const contractHeader = 'mayfly-contract'

export const routes = {
  /** POST `/rpc/machine/start`. */
  rpc: '/rpc',
  /** GET with upgrade, the ticket behind it. */
  stream: '/stream/',
  /** GET: a `Hello`. Any version. */
  hello: '/hello',
  /** POST: the engine ends, machines run on. Any version. */
  shutdown: '/shutdown',
} as const

/** The protocol a connection is upgraded to: raw bytes both ways. */
export const streamProtocol = 'mayfly-stream'

/** A program's file as it was at a time. */
export interface ProgramStamp {
  readonly path: string
  readonly modifiedMs: number
}

/** Who holds the engine. Fields are only ever added: every version reads every other's. */
export interface Hello {
  readonly version: string
  readonly contract: string
  readonly pid: number
  /** `cli` detached, `serve`, `window`, `test`. */
  readonly holder: string
  /** The file it was started from, as it then was; absent or null where it holds the engine beside other work. */
  readonly program?: ProgramStamp | null
}

export function isHello(value: unknown): value is Hello {
  if (typeof value !== 'object' || value === null) return false
  const { version, contract, pid, holder } = value as Record<string, unknown>
  return Number.isInteger(pid) && [version, contract, holder].every((field) => typeof field === 'string')
}
