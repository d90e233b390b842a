/** Ports of this host. */
import { createSocket } from 'node:dgram'
import { type AddressInfo, createServer } from 'node:net'

/** Whether a port could be bound just now. */
export function canBind(protocol: 'tcp' | 'udp', address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    if (protocol === 'udp') {
      const socket = createSocket('udp4')
      socket.once('error', () => {
        socket.close()
        resolve(false)
      })
      socket.bind({ port, address, exclusive: true }, () => socket.close(() => resolve(true)))
      return
    }
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(wanted: readonly { readonly protocol: 'tcp' | 'udp'; readonly hostAddress: string }[]): Promise<number[]> {
  // Held until all are found: the system gives no port twice then.
  const held = await Promise.all(wanted.map(({ protocol, hostAddress }) => (protocol === 'tcp' ? holdTcp(hostAddress) : holdUdp(hostAddress))))
  for (const { release } of held) release()
  return held.map(({ port }) => port)
}

interface HeldPort {
  readonly port: number
  readonly release: () => void
}

function holdTcp(host: string): Promise<HeldPort> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port: 0, host, exclusive: true }, () => resolve({ port: (server.address() as AddressInfo).port, release: () => void server.close() }))
  })
}

function holdUdp(address: string): Promise<HeldPort> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', reject)
    socket.bind({ port: 0, address, exclusive: true }, () => resolve({ port: socket.address().port, release: () => void socket.close() }))
  })
}

/** A port that was free a moment ago. */
export function freeTcpPort(address = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port: 0, host: address }, () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
