/** Ports of this host: read from what people type, and who has them already. Pure. */
import type { MachineSummary } from '../../contract/machine.ts'

export interface Listen {
  readonly hostAddress: string
  readonly hostPort: number
}

/** 1 to 65535, in digits. */
export function parsePort(text: string): number | undefined {
  const port = /^\s*\d{1,5}\s*$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}

/** `8080`, `127.0.0.1:8080`, `0.0.0.0:8080`; an address alone is none. Without one: this host only. */
export function parseListen(text: string): Listen | undefined {
  const [address, port] = text.includes(':') ? text.split(':', 2) : ['127.0.0.1', text]
  const hostPort = parsePort(port ?? '')
  const parts = (address ?? '').trim().split('.')
  const isAddress = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  return hostPort === undefined || !isAddress ? undefined : { hostAddress: parts.join('.'), hostPort }
}

/** Name of the machine that listens there, or will when it starts; undefined where none does. */
export function takenBy(machines: readonly MachineSummary[], hostPort: number, protocol: 'tcp' | 'udp'): string | undefined {
  return machines.find(({ forwards }) => forwards.some((forward) => forward.hostPort === hostPort && forward.protocol === protocol))?.name
}

/** The first port from `from` on that no machine has; other programs may still have it, the engine says so then. */
export function freePort(machines: readonly MachineSummary[], from: number): number {
  let port = Math.min(from, 65_535)
  while (port < 65_535 && (takenBy(machines, port, 'tcp') !== undefined || takenBy(machines, port, 'udp') !== undefined)) port++
  return port
}
