/**
 * A peer on a unix socket that does what a test tells it, to show the client what no QEMU
 * does on purpose: split frames, nonsense, answers in the wrong order, an end in a call.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ReceivedCommand {
  readonly execute: string
  readonly id: string
  readonly arguments?: unknown
}

export interface PeerConnection {
  /** Sends text or bytes as they are. */
  send(bytes: string | Uint8Array): void
  /** Sends values as lines of JSON, in one chunk. */
  sendMessages(...messages: readonly unknown[]): void
  /** The next command that the client sent. */
  nextCommand(): Promise<ReceivedCommand>
  /** Ends the connection in order. */
  end(): void
}

export interface ScriptedPeer {
  readonly path: string
  /** The next client, before anything was said. */
  accept(): Promise<PeerConnection>
  /** The next client, greeted and negotiated. */
  greet(): Promise<PeerConnection>
  close(): Promise<void>
}

export const greeting = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 }, package: 'scripted' }, capabilities: ['oob'] } }

export async function startScriptedPeer(): Promise<ScriptedPeer> {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-peer-'))
  const path = join(folder, 'qmp.sock')
  const sockets: Socket[] = []
  const clients = new Mailbox<PeerConnection>()
  const server = createServer((socket) => {
    sockets.push(socket)
    clients.put(connectionOver(socket))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const peer: ScriptedPeer = {
    path,
    accept: () => clients.take(),
    async greet() {
      const connection = await clients.take()
      connection.sendMessages(greeting)
      const { id } = await connection.nextCommand()
      connection.sendMessages({ return: {}, id })
      return connection
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true })
    },
  }
  return peer
}

function connectionOver(socket: Socket): PeerConnection {
  const commands = new Mailbox<ReceivedCommand>()
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) commands.put(JSON.parse(line) as ReceivedCommand)
  })
  socket.on('error', () => {})
  return {
    send: (bytes) => void socket.write(bytes),
    sendMessages: (...messages) => void socket.write(messages.map((message) => `${JSON.stringify(message)}\r\n`).join('')),
    nextCommand: () => commands.take(),
    end: () => void socket.end(),
  }
}

class Mailbox<T> {
  readonly #items: T[] = []
  readonly #takers: ((item: T) => void)[] = []

  put(item: T): void {
    const taker = this.#takers.shift()
    if (taker === undefined) this.#items.push(item)
    else taker(item)
  }

  take(): Promise<T> {
    const [item] = this.#items.splice(0, 1)
    return item === undefined ? new Promise((resolve) => this.#takers.push(resolve)) : Promise.resolve(item)
  }
}
