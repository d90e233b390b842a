/**
 * What a guest's agent can be asked, typed. Everything it answers is data from an untrusted
 * guest: checked, bounded, and never taken for more than text and numbers. Each function throws
 * what `AgentLink.call` throws; `unsupported` where the agent does not know or allow the command.
 */
import { z } from 'zod'
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import type { AgentCallOptions } from './agent-connection.ts'
import { AgentExecSession } from './agent-exec.ts'
import type { AgentCaller } from './agent-link.ts'
import { collectRun } from './collect-run.ts'
import { printable } from './printable.ts'

const line = z.string().transform((text) => printable(text, 200))

const infoSchema = z.object({ version: line, supported_commands: z.array(z.object({ name: z.string(), enabled: z.boolean() })).max(1000) })
const osInfoSchema = z.object({
  'pretty-name': line.optional(),
  name: line.optional(),
  version: line.optional(),
  id: line.optional(),
  'kernel-release': line.optional(),
  machine: line.optional(),
})
const hostNameSchema = z.object({ 'host-name': line })
const interfacesSchema = z.array(z.object({
  name: line,
  'hardware-address': line.optional(),
  'ip-addresses': z.array(z.object({ 'ip-address': z.string().max(64), 'ip-address-type': z.enum(['ipv4', 'ipv6']), prefix: z.number() })).max(256).optional(),
})).max(256)
const fileReadSchema = z.object({ 'buf-b64': z.base64(), eof: z.boolean() })
const handleSchema = z.int()
const writtenSchema = z.object({ count: z.int().min(0) })
const frozenSchema = z.int().min(0)

export interface AgentAddress {
  readonly interface: string
  readonly address: string
  readonly family: 'ipv4' | 'ipv6'
}

/** What the agent tells about its guest; null where it does not say. */
export interface GuestDescription {
  readonly agentVersion: string | null
  readonly hostName: string | null
  readonly os: string | null
  readonly kernel: string | null
  readonly addresses: readonly AgentAddress[]
}

/** Freezing waits for the guest's disks. */
const freezeTimeoutMs = 60_000
const filePieceBytes = 64 * 1024

export class GuestAgent {
  readonly #caller: AgentCaller

  constructor(caller: AgentCaller) {
    this.#caller = caller
  }

  /** Whether it answers. */
  async ping(options: AgentCallOptions = {}): Promise<void> {
    await this.#caller.call('guest-ping', {}, options)
  }

  /** Its version, and the commands it has and allows. */
  async info(options: AgentCallOptions = {}): Promise<{ version: string; commands: ReadonlySet<string> }> {
    const info = await this.#ask('guest-info', infoSchema, {}, options)
    return { version: info.version, commands: new Set(info.supported_commands.filter(({ enabled }) => enabled).map(({ name }) => name)) }
  }

  async osInfo(options: AgentCallOptions = {}): Promise<{ name: string | null; version: string | null; id: string | null; kernelRelease: string | null }> {
    const info = await this.#ask('guest-get-osinfo', osInfoSchema, {}, options)
    return { name: info['pretty-name'] ?? info.name ?? null, version: info.version ?? null, id: info.id ?? null, kernelRelease: info['kernel-release'] ?? null }
  }

  async hostName(options: AgentCallOptions = {}): Promise<string> {
    return (await this.#ask('guest-get-host-name', hostNameSchema, {}, options))['host-name']
  }

  /** The addresses of all its network cards, loopback left out. */
  async addresses(options: AgentCallOptions = {}): Promise<AgentAddress[]> {
    const interfaces = await this.#ask('guest-network-get-interfaces', interfacesSchema, {}, options)
    const all = interfaces.flatMap(({ name, 'ip-addresses': addresses = [] }) => addresses.map((found) => ({ interface: name, address: printable(found['ip-address'], 64), family: found['ip-address-type'] })))
    return all.filter(({ address }) => !address.startsWith('127.') && address !== '::1')
  }

  /** All of the above at once; what it does not know or allow is null. */
  async describe(options: AgentCallOptions = {}): Promise<GuestDescription> {
    const [info, os, hostName, addresses] = await Promise.all([
      orNull(this.info(options)),
      orNull(this.osInfo(options)),
      orNull(this.hostName(options)),
      orNull(this.addresses(options)),
    ])
    return { agentVersion: info?.version ?? null, hostName, os: os?.name ?? null, kernel: os?.kernelRelease ?? null, addresses: addresses ?? [] }
  }

  /** Sets the guest's clock. Throws `qmp-failed` where neither the agent nor the guest's `date` can. */
  async setTime(at: Date, options: AgentCallOptions = {}): Promise<void> {
    try {
      // Nanoseconds: beyond what a number holds exactly, but to a millionth of a second.
      await this.#caller.call('guest-set-time', { time: at.getTime() * 1_000_000 }, options)
    } catch (error) {
      if (!isMayflyError(error, 'qmp-failed')) throw error
      // The agent refuses where the guest has no hwclock (seen with qemu-ga 7.2 on busybox).
      const session = new AgentExecSession(this.#caller, { argv: ['date', '-u', '-s', `@${Math.round(at.getTime() / 1000)}`] })
      const { exitStatus } = await collectRun(session, { timeoutMs: options.timeoutMs ?? 10_000, signal: options.signal })
      if (exitStatus !== 0) throw error
    }
  }

  /** Freezes the guest's file systems; answers how many. Must be followed by `thaw`. */
  freeze(options: AgentCallOptions = {}): Promise<number> {
    return this.#ask('guest-fsfreeze-freeze', frozenSchema, {}, { timeoutMs: freezeTimeoutMs, ...options })
  }

  /** Thaws what was frozen; answers how many. */
  thaw(options: AgentCallOptions = {}): Promise<number> {
    return this.#ask('guest-fsfreeze-thaw', frozenSchema, {}, { timeoutMs: freezeTimeoutMs, ...options })
  }

  /** Asks the guest to end or restart. The agent does not say whether it does. */
  async shutdown(mode: 'powerdown' | 'reboot' | 'halt', options: AgentCallOptions = {}): Promise<void> {
    await this.#caller.call('guest-shutdown', { mode }, { ...options, isUnanswered: true })
  }

  /** Reads a file of the guest. Throws `unsupported` for one larger than `mostBytes`. */
  async readFile(path: string, mostBytes: number, options: AgentCallOptions = {}): Promise<Buffer> {
    return this.#withFile(path, 'r', options, async (handle) => {
      const pieces: Buffer[] = []
      let size = 0
      for (;;) {
        const read = await this.#ask('guest-file-read', fileReadSchema, { handle, count: filePieceBytes }, options)
        const piece = Buffer.from(read['buf-b64'], 'base64')
        size += piece.length
        if (size > mostBytes) throw new MayflyError('unsupported', `${path} in the guest is larger than the ${mostBytes} bytes that were to be read.`, { needs: `at most ${mostBytes} bytes`, have: 'more' })
        pieces.push(piece)
        if (read.eof || piece.length === 0) return Buffer.concat(pieces)
      }
    })
  }

  /** Writes a file of the guest, replacing what it held. */
  async writeFile(path: string, data: Uint8Array, options: AgentCallOptions = {}): Promise<void> {
    await this.#withFile(path, 'w', options, async (handle) => {
      let done = 0
      while (done < data.length) {
        const piece = Buffer.from(data.subarray(done, done + filePieceBytes))
        const { count } = await this.#ask('guest-file-write', writtenSchema, { handle, 'buf-b64': piece.toString('base64') }, options)
        if (count === 0 || count > piece.length) throw notAnAnswer('guest-file-write')
        done += count
      }
    })
  }

  async #withFile<T>(path: string, mode: 'r' | 'w', options: AgentCallOptions, use: (handle: number) => Promise<T>): Promise<T> {
    const handle = await this.#ask('guest-file-open', handleSchema, { path, mode }, options)
    try {
      return await use(handle)
    } finally {
      // Also when the caller has given up; without its signal, so that it is done.
      await orNull(this.#caller.call('guest-file-close', { handle }))
    }
  }

  async #ask<S extends z.ZodType>(command: string, schema: S, args: Readonly<Record<string, unknown>>, options: AgentCallOptions): Promise<z.output<S>> {
    const parsed = schema.safeParse(await this.#caller.call(command, args, options))
    if (!parsed.success) throw notAnAnswer(command)
    return parsed.data
  }
}

function notAnAnswer(command: string): MayflyError {
  return new MayflyError('qmp-interrupted', `What the guest agent answered to ${command} is not an answer to it.`, { command })
}

/** Null for an expected failure. */
async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (error) {
    if (isMayflyError(error) && error.code !== 'cancelled') return null
    throw error
  }
}
