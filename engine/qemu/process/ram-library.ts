/**
 * The engine's side of native/ram, the library that is preloaded into QEMU and knows what its RAM
 * is made of (docs/adr/0007): what a QEMU is told at its start, and what it is asked while it runs.
 * The numbers here are those of native/ram/{start,plan,control}.c.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { isMayflyError, MayflyError } from '../../../contract/errors.ts'
import { loadNative, nativeFolder } from '../../native.ts'
import { firstFurtherDescriptor } from './launch-qemu.ts'
import { areSound, type OpenRamLayer, type RamExtents } from './ram-layer.ts'

const ramDescriptor = 3
const idBytes = 12
const extentBytes = 12

const planMagic = 'MFRAMPLN'
const planVersion = 1
const planHeaderBytes = 32
const planLayerBytes = 24

const messageMagic = 0x4d52464d
const protocolVersion = 1
const headerBytes = 16
const words = { describe: 1, freeze: 2, prepare: 3, index: 4, lay: 5 } as const
type Word = keyof typeof words

/** Far more than any answer has: 256 layers, or the extents of one. */
const mostAnswerBytes = 64 * 1024 * 1024
const answersWithinMs = 30_000
const askAgainMs = 100

export interface RamLaunchRequest {
  /** Where the library shall listen: `ram.sock` of the machine's runtime folder. */
  readonly socket: string
  readonly ramBytes: number
  /** The pile it begins from, lowest first; empty for a machine that is started afresh. They stay the caller's to close. */
  readonly layers: readonly OpenRamLayer[]
}

export interface RamLaunch {
  /** For QEMU alone. */
  readonly qemuEnv: Readonly<Record<string, string>>
  /** To be handed over from `firstFurtherDescriptor` on. */
  readonly descriptors: readonly number[]
  /** Closes what was opened for this launch; after QEMU was spawned. */
  close(): void
}

/** What `launchQemu` needs so that a QEMU has the library. */
export function prepareRamLaunch({ socket, ramBytes, layers }: RamLaunchRequest): RamLaunch {
  const own: number[] = []
  const descriptors: number[] = []
  const handOver = (descriptor: number): number => firstFurtherDescriptor + descriptors.push(descriptor) - 1
  const close = (): void => {
    for (const descriptor of own.splice(0)) closeSync(descriptor)
  }
  try {
    const qemuEnv: Record<string, string> = { MAYFLY_RAM_DESCRIPTOR: String(ramDescriptor), MAYFLY_RAM_SOCKET: socket }
    if (layers.length > 0) {
      const numbers = layers.map(({ descriptor }) => handOver(descriptor))
      const plan = writePlan(ramBytes, layers, numbers)
      own.push(plan)
      qemuEnv['MAYFLY_RAM_PLAN'] = String(handOver(plan))
    }
    const loaded = preload(firstFurtherDescriptor + descriptors.length)
    if (loaded.descriptor !== null) {
      own.push(loaded.descriptor)
      handOver(loaded.descriptor)
    }
    return { qemuEnv: { ...qemuEnv, ...loaded.env }, descriptors, close }
  } catch (error) {
    close()
    throw error
  }
}

export function libraryPath(): string {
  return join(nativeFolder(), 'mayfly-ram.so')
}

/**
 * How a process is told to load the library. ld.so(8) takes blanks and colons for separators and
 * knows no way to quote them: a library below such a folder is handed over open, as number `free`.
 */
export function preload(free: number, library = libraryPath()): { readonly env: Readonly<Record<string, string>>; readonly descriptor: number | null; close(): void } {
  if (!/[\s:]/.test(library)) return { env: { LD_PRELOAD: library }, descriptor: null, close: () => undefined }
  const descriptor = openSync(library, 'r')
  return { env: { LD_PRELOAD: `/proc/self/fd/${free}`, MAYFLY_RAM_CLOSE: String(free) }, descriptor, close: () => closeSync(descriptor) }
}

function writePlan(ramBytes: number, layers: readonly OpenRamLayer[], numbers: readonly number[]): number {
  const parts: Buffer[] = []
  const header = Buffer.alloc(planHeaderBytes)
  header.write(planMagic, 0, 'latin1')
  header.writeUInt32LE(planVersion, 8)
  header.writeUInt32LE(layers.length, 12)
  header.writeBigUInt64LE(BigInt(ramBytes), 16)
  parts.push(header)
  for (const [index, { id, extents }] of layers.entries()) {
    const head = Buffer.alloc(planLayerBytes)
    head.write(id, 0, idBytes, 'latin1')
    head.writeInt32LE(numbers[index] ?? -1, 12)
    head.writeUInt32LE(extents.length / 3, 16)
    parts.push(head, Buffer.from(extents.buffer, extents.byteOffset, extents.byteLength))
  }
  const plan = Buffer.concat(parts)
  const descriptor = loadNative().memfdCreate('mayfly-ram-plan', plan.length)
  try {
    for (let done = 0; done < plan.length;) done += writeSync(descriptor, plan, done, plan.length - done, done)
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
  return descriptor
}

/**
 * Gives a machine the pile it begins from after its QEMU was started: one that waits for a state, with its RAM mapped and
 * untouched. On a failure it is of no use any more; throws `host-unavailable`.
 */
export async function layRam(socket: string, ramBytes: number, layers: readonly OpenRamLayer[]): Promise<void> {
  // The library opens what this process has open.
  const plan = writePlan(ramBytes, layers, layers.map(({ descriptor }) => descriptor))
  try {
    const where = Buffer.alloc(8)
    where.writeInt32LE(process.pid, 0)
    where.writeInt32LE(plan, 4)
    await ask(socket, 'lay', where)
  } finally {
    closeSync(plan)
  }
}

/** A layer as QEMU's library knows it. */
export interface HeldRamLayer {
  readonly id: string
  /** The number by which QEMU knows it; see `openRamLayer`. */
  readonly qemuDescriptor: number
  readonly extentCount: number
  /** Tells layers of one QEMU apart for good: a high pile is merged in between, and what several became has the id of the uppermost. */
  readonly serial: number
}

export interface RamDescription {
  /** `shared`: never frozen, its pages lie in its own memory file. `private`: on top of layers. */
  readonly mode: 'shared' | 'private'
  readonly ramBytes: number
  /** The pile, lowest first; empty while shared. */
  readonly layers: readonly HeldRamLayer[]
}

/**
 * What a machine's RAM is made of. Whatever follows goes by these numbers: only this question makes
 * one layer of a pile that has grown high. Throws `host-unavailable` where its QEMU has no library that answers.
 */
export async function describeRam(socket: string): Promise<RamDescription> {
  const payload = await ask(socket, 'describe')
  const count = payload.readUInt32LE(4)
  return {
    mode: payload.readUInt32LE(0) === 1 ? 'private' : 'shared',
    ramBytes: Number(payload.readBigUInt64LE(8)),
    layers: Array.from({ length: count }, (_, index) => {
      const at = 24 + index * 24
      return { id: payload.toString('latin1', at, at + idBytes), qemuDescriptor: payload.readInt32LE(at + 12), extentCount: payload.readUInt32LE(at + 16), serial: payload.readUInt32LE(at + 20) }
    }),
  }
}

export interface FrozenRam {
  /** The new layer on top of the pile. */
  readonly qemuDescriptor: number
  readonly extents: RamExtents
  /** As `HeldRamLayer`'s. */
  readonly serial: number
  /** Nothing was copied: the machine's own memory file became its lowest layer. */
  readonly inPlace: boolean
  readonly copiedBytes: number
  /** Time the library took, and how much of it for copying. */
  readonly microseconds: number
  readonly copyMicroseconds: number
}

/**
 * Makes a layer of what the machine wrote since its last freeze. Its CPUs must stand still, and
 * its devices too: after `stop`, until `cont`. Takes as long as it takes: a guest that went on before
 * the end would lose what it writes. On a failure its memory and pile are as before, and the library is at rest;
 * throws `host-unavailable` where there is no library, or not enough memory.
 */
export async function freezeRam(socket: string, id: string): Promise<FrozenRam> {
  let payload
  try {
    payload = await ask(socket, 'freeze', id, null)
  } catch (error) {
    await ramAtRest(socket)
    throw error
  }
  return {
    qemuDescriptor: payload.readInt32LE(0),
    inPlace: payload.readUInt32LE(4) === 0,
    copiedBytes: Number(payload.readBigUInt64LE(8)),
    microseconds: payload.readUInt32LE(16),
    copyMicroseconds: payload.readUInt32LE(20),
    serial: payload.readUInt32LE(28),
    extents: readExtents(payload, 32),
  }
}

/**
 * Resolves when the library does nothing any more that it was asked for before, be it by an engine that is dead:
 * it hears one question after the other, so an answer to any says that. Waits without limit while QEMU lives; CPUs
 * must not go on before, because a freeze replaces pages by copies that it made a moment ago. Throws why `signal` aborts.
 */
export async function ramAtRest(socket: string, signal?: AbortSignal): Promise<void> {
  for (;;) {
    signal?.throwIfAborted()
    try {
      if ((await exchange(socket, requestFor('describe'), null, signal)).length >= headerBytes) return
    } catch (error) {
      if (isNobodyThere(error)) return
      if (!isMayflyError(error, 'host-unavailable')) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, askAgainMs))
  }
}

/** Whether a question failed because nobody listens: this QEMU has no library, or has ended. Any other failure leaves open what the library has done. */
export function isNobodyThere(error: unknown): boolean {
  if (!isMayflyError(error, 'host-unavailable') || error.details.check !== 'ram-library') return false
  return error.cause instanceof Error && 'code' in error.cause && (error.cause.code === 'ENOENT' || error.cause.code === 'ECONNREFUSED')
}

/**
 * Allocates, while the guest runs, what the next freeze will need, because that takes most of a
 * freeze's time where much was written since the last one. Bytes; none where it is little, and then it
 * takes a millisecond or two. What is prepared is forgotten after ten seconds.
 */
export async function prepareFreeze(socket: string): Promise<number> {
  return Number((await ask(socket, 'prepare')).readBigUInt64LE(0))
}

/** What one layer of a machine's pile holds. Throws `not-found`. */
export async function ramLayerExtents(socket: string, id: string): Promise<RamExtents> {
  return readExtents(await ask(socket, 'index', id), 0)
}

/** A layer of a living QEMU as a descriptor of ours, for reading. It stays, whatever becomes of that QEMU. Throws the system's error where it is gone. */
export function openRamLayer(qemuPid: number, qemuDescriptor: number): number {
  return openSync(`/proc/${qemuPid}/fd/${qemuDescriptor}`, 'r')
}

function readExtents(payload: Buffer, offset: number): RamExtents {
  const bytes = payload.subarray(offset)
  if (bytes.length % extentBytes !== 0) throw new Error('The RAM library answered with a part of an extent.')
  // A copy: the payload need not lie on a multiple of four.
  const extents = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  if (!areSound(extents, 2 ** 32)) throw new Error('The RAM library answered with extents that overlap.')
  return extents
}

function requestFor(word: Word, content: string | Buffer = ''): Buffer {
  const payload = typeof content === 'string' ? Buffer.from(content, 'latin1') : content
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32LE(messageMagic, 0)
  header.writeUInt16LE(protocolVersion, 4)
  header.writeUInt16LE(words[word], 6)
  header.writeUInt32LE(payload.length, 8)
  return Buffer.concat([header, payload])
}

async function ask(socket: string, word: Word, content: string | Buffer = '', withinMs: number | null = answersWithinMs): Promise<Buffer> {
  const answer = await exchange(socket, requestFor(word, content), withinMs)
  if (answer.length < headerBytes || answer.readUInt32LE(0) !== messageMagic || answer.readUInt16LE(4) !== protocolVersion) throw noLibrary('It answered in another language.')
  const payload = answer.subarray(headerBytes)
  const status = answer.readUInt16LE(6)
  if (status !== 0) throw refusal(word, status, answer.readUInt32LE(12))
  if (payload.length !== answer.readUInt32LE(8)) throw noLibrary('Its answer broke off.')
  return payload
}

/** One request, one answer, and the library closes. `withinMs` null: without limit. */
function exchange(path: string, request: Buffer, withinMs: number | null, signal?: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const parts: Buffer[] = []
    let bytes = 0
    const timer = withinMs === null ? undefined : setTimeout(() => socket.destroy(noLibrary(`It did not answer within ${withinMs / 1000} s.`)), withinMs)
    const giveUp = (): void => {
      socket.destroy(noLibrary('The question was taken back.'))
    }
    signal?.addEventListener('abort', giveUp)
    socket.on('connect', () => socket.write(request))
    socket.on('data', (part) => {
      parts.push(part)
      bytes += part.length
      if (bytes > mostAnswerBytes) socket.destroy(noLibrary('Its answer has no end.'))
    })
    socket.on('error', (cause) => {
      reject(cause instanceof MayflyError ? cause : noLibrary(cause.message, cause))
    })
    socket.on('close', () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
      resolve(Buffer.concat(parts))
    })
  })
}

function noLibrary(detail: string, cause?: unknown): MayflyError<'host-unavailable'> {
  return new MayflyError('host-unavailable', `The machine's memory library cannot be asked. ${detail}`, { check: 'ram-library' }, { cause, next: 'See mayfly doctor, and start the machine again.' })
}

/** By number, as in `enum status` of native/ram/ram.h. */
const refusals: Readonly<Record<number, string>> = {
  1: 'It did not understand the question.',
  2: 'QEMU has not mapped its memory yet.',
  3: 'A part of the memory was replaced by something else.',
  4: 'The pile has as many layers as it may have.',
  5: 'There is such a layer already.',
}

/** errno(3) of Linux. */
const outOfMemory: ReadonlySet<number> = new Set([12, 28])

function refusal(word: Word, status: number, errno: number): MayflyError {
  if (status === 6) return new MayflyError('not-found', 'The machine\'s memory has no such layer.', { kind: 'RAM layer', ref: '' })
  if (status === 7 && outOfMemory.has(errno)) {
    return new MayflyError('host-unavailable', 'There is not enough memory to save the machine\'s RAM. It goes on as it was.', { check: 'memory' }, { next: 'Stop another machine, or save its disks only.' })
  }
  return noLibrary(refusals[status] ?? `${word} failed with error ${errno}.`)
}
