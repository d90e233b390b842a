/**
 * For tests: the guest's helper built from source and run as a process of this host, on a
 * unix socket instead of a virtio-serial port.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type ExecClient, connectExec } from './exec-client.ts'

const buildScript = fileURLToPath(new URL('../../../native/guest-exec/build.mjs', import.meta.url))

/** Builds the helper at `outputFile`. */
export async function buildNativeHelper(outputFile: string): Promise<void> {
  await promisify(execFile)(process.execPath, [buildScript, outputFile])
}

/** Polls until `condition` holds; fails loudly after ten seconds. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Gave up waiting until ${what}.`)
    await delay(10)
  }
}

/** A socket's file is there a moment before anybody listens on it. */
async function dialWhenListening(socketPath: string): Promise<Socket> {
  let connected: Socket | null = null
  await until('the helper listens', async () => {
    const socket = connect(socketPath)
    connected = await once(socket, 'connect').then(() => socket, () => null)
    return connected !== null
  })
  if (connected === null) throw new Error('The helper does not listen.')
  return connected
}

/** One running helper in a folder of its own. `stop` leaves nothing behind. */
export class NativeHelper {
  readonly folder: string
  readonly socketPath: string
  readonly process: ChildProcess
  readonly #connections: Socket[] = []

  constructor(folder: string, child: ChildProcess) {
    this.folder = folder
    this.socketPath = path.join(folder, 'exec.sock')
    this.process = child
  }

  static async start(binary: string): Promise<NativeHelper> {
    const folder = await mkdtemp(path.join(tmpdir(), 'mayfly-exec-'))
    const socketPath = path.join(folder, 'exec.sock')
    const child = spawn(binary, ['--socket', socketPath], { stdio: ['ignore', 'inherit', 'inherit'] })
    await once(child, 'spawn')
    return new NativeHelper(folder, child)
  }

  /** A bare connection, for peers that do not keep to the protocol. */
  async dial(): Promise<Socket> {
    const socket = await dialWhenListening(this.socketPath)
    this.#connections.push(socket)
    return socket
  }

  async client(): Promise<ExecClient> {
    const connection = await connectExec(await this.dial(), { timeoutMs: 10_000 })
    if (connection.kind !== 'connected') throw new Error(`The helper is ${connection.kind}.`)
    return connection.client
  }

  async stop(): Promise<void> {
    for (const socket of this.#connections) socket.destroy()
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = once(this.process, 'exit')
      this.process.kill('SIGKILL')
      await ended
    }
    await rm(this.folder, { recursive: true, force: true })
  }
}
