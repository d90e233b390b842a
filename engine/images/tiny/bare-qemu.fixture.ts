/**
 * For tests of the image alone: a QEMU with just the devices that a test names, without the
 * engine. Its sockets and disks live in a folder that goes with it.
 */
import { Buffer } from 'node:buffer'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { type ExecClient, connectExec } from '../../guest/exec/exec-client.ts'
import { until } from '../../guest/exec/native-helper.fixture.ts'
import { findQemu } from '../../qemu/capabilities/find-qemu.ts'
import { execPortName } from '../../guest/exec/protocol.ts'
import type { TinyImage } from './build-tiny-image.ts'

const bootTimeoutMs = 90_000

/** A folder for one test's disks and sockets. */
export async function makeWorkFolder(): Promise<string> {
  return mkdtemp(path.join(tmpdir(), 'mayfly-tiny-'))
}

export async function createDisk(folder: string, name: string): Promise<string> {
  const file = path.join(folder, name)
  await promisify(execFile)('qemu-img', ['create', '-q', '-f', 'qcow2', file, '1G'])
  return file
}

interface BootOptions {
  readonly image: TinyImage
  readonly folder: string
  /** Machine type and devices. `BUS` in a device becomes `pci`, or `device` on microvm. */
  readonly machine: string
  readonly devices: readonly string[]
  readonly append?: string
}

export class BareQemu {
  readonly #process: ChildProcess
  readonly #folder: string
  readonly #sockets: Socket[] = []
  #serial = ''
  #stderr = ''

  constructor(child: ChildProcess, folder: string) {
    this.#process = child
    this.#folder = folder
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#serial += chunk.toString()
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString()
    })
  }

  static async boot({ image, folder, machine, devices, append = '' }: BootOptions): Promise<BareQemu> {
    const bus = machine.startsWith('microvm') ? 'device' : 'pci'
    const socket = (id: string): string[] => ['-chardev', `socket,id=${id},path=${folder}/${id}.sock,server=on,wait=off`]
    const args = [
      '-nodefaults', '-no-user-config', '-display', 'none', '-M', machine, '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '512',
      '-kernel', image.kernel, '-initrd', image.initrd, '-append', `${image.cmdline} ${append}`, '-serial', 'stdio', '-monitor', `unix:${folder}/monitor.sock,server=on,wait=off`,
      '-device', `virtio-serial-${bus}`, ...socket('agent'), '-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0', ...socket('exec'), '-device', `virtserialport,chardev=exec,name=${execPortName}`,
      ...devices.map((device) => device.replace('BUS', bus)),
    ]
    const { binary, env, firmwareFolders } = await findQemu()
    const child = spawn(binary, [...firmwareFolders.flatMap((firmware) => ['-L', firmware]), ...args], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    await once(child, 'spawn')
    const qemu = new BareQemu(child, folder)
    try {
      await qemu.serialShows(/MAYFLY READY \d+\.\d+\r?\n/)
    } catch (error) {
      await qemu.kill()
      throw error
    }
    return qemu
  }

  get serial(): string {
    return this.#serial
  }

  type(text: string): void {
    this.#process.stdin?.write(text)
  }

  async serialShows(pattern: RegExp): Promise<void> {
    const told = (): string => `${this.#stderr}${this.#serial.slice(-4000)}`
    try {
      await until(`the serial console shows ${pattern.source}`, () => {
        if (this.#ended()) throw new Error('QEMU ended.')
        return pattern.test(this.#serial)
      }, bootTimeoutMs)
    } catch (error) {
      throw new Error(`QEMU and its guest wrote:\n${told()}`, { cause: error })
    }
  }

  async dial(name: 'agent' | 'exec' | 'monitor'): Promise<Socket> {
    const socket = connect(path.join(this.#folder, `${name}.sock`))
    this.#sockets.push(socket)
    await once(socket, 'connect')
    return socket
  }

  async exec(): Promise<ExecClient> {
    const connection = await connectExec(await this.dial('exec'), { timeoutMs: 20_000 })
    if (connection.kind !== 'connected') throw new Error(`The helper is ${connection.kind}.`)
    return connection.client
  }

  /** One command of the guest agent, after the synchronisation that its protocol asks for. */
  async agent(command: object): Promise<unknown> {
    const socket = await this.dial('agent')
    let answer = ''
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
    })
    socket.write(Buffer.concat([Buffer.from([0xff]), Buffer.from(`${JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id: 4711 } })}\n`)]))
    await until('the agent synchronises', () => /\xff\{"return": 4711\}\n/.test(answer), 20_000)
    answer = ''
    socket.write(`${JSON.stringify(command)}\n`)
    await until('the agent answers', () => answer.endsWith('\n'), 20_000)
    socket.destroy()
    return JSON.parse(answer)
  }

  /** A line to QEMU's human monitor. */
  async monitor(line: string): Promise<void> {
    const socket = await this.dial('monitor')
    socket.resume()
    socket.end(`${line}\n`)
  }

  /** QEMU's exit status, when the guest has ended it by itself. */
  async ended(): Promise<number | null> {
    await until(`QEMU ends; the console shows:\n${this.#serial.slice(-2000)}`, () => this.#ended(), 30_000)
    return this.#process.exitCode
  }

  async kill(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (this.#ended()) return
    const exited = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exited
  }

  #ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }
}

export async function removeWorkFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}
