/**
 * The protocol between the host and `mayfly-exec` in the guest (`native/guest-exec`): many
 * commands at once over one byte stream, usually the virtio-serial port
 * `io.mayfly.exec.0`. This file is the reference; `protocol.h` repeats its numbers.
 *
 * Frame, all integers little endian:
 * `u32 magic | u8 type | u8[3] zero | u32 session | u32 length | payload | u32 end mark`.
 * A payload has at most 64 KiB. Session 0 is the link itself; a session's id is chosen by the
 * host and is never used twice on one connection.
 *
 * Beginning. A port gives no sign when a host comes back, and either side may have been cut
 * off within a frame. So a host first sends zeroes as long as the longest frame, then HELLO
 * with a random nonce. The zeroes complete a torn frame, whose end mark is then wrong, so it
 * is dropped unread; from there on the guest looks for nothing but a HELLO. The guest answers
 * WELCOME with the same nonce, and the host drops everything before it. A HELLO abandons all
 * sessions of the connection before it. A guest that finds anything but a frame sends DESYNC
 * and waits for a HELLO; the same after the helper was restarted.
 *
 * Flow. Data of stdin, stdout and stderr is sent only against the receiver's credit, counted
 * in bytes for each stream of each session: EXEC grants stdout and stderr, STARTED grants
 * stdin, CREDIT grants more once bytes have been consumed. Other frames need no credit; each
 * side bounds them by bounding sessions. So a reader that is slow holds up its own stream only.
 *
 * End. EXIT follows the last byte that the command itself wrote. What its children still write
 * afterwards is not waited for. ERROR ends a session that could not be started, or that broke
 * the rules. Abandoned sessions (HELLO, CLOSE, host gone) lose their stdin, get SIGHUP, and
 * what is left of the process group after two seconds, or at its leader's end, is killed.
 */
import { Buffer } from 'node:buffer'

export const protocolVersion = 2
/** A helper of this version is as good, but for the frames it passes over: TIME. */
export const oldestProtocolVersion = 1
export const execPortName = 'io.mayfly.exec.0'
export const maxPayloadBytes = 65_536
const magic = 0x3158464d
const endMark = 0xa7a8b9b2
const headerBytes = 16
const trailerBytes = 4
export const maxFrameBytes = headerBytes + maxPayloadBytes + trailerBytes
export const nonceBytes = 16

/** Host to guest below 64, guest to host above; CREDIT goes both ways. */
export const frameTypes = {
  /** nonce[16], u32 version */
  hello: 1,
  /** see encodeExec */
  exec: 2,
  /** bytes */
  stdin: 3,
  /** no payload; a terminal gets its end-of-file character */
  stdinEof: 4,
  /** u32 Linux signal number, to the process group, or to a terminal's foreground group */
  signal: 5,
  /** u16 rows, u16 columns */
  resize: 6,
  /** no payload: abandon this session, nothing more will be said about it */
  close: 7,
  /** up to 64 bytes, answered by pong with the same */
  ping: 8,
  /** u32 stream (0 stdin, 1 stdout, 2 stderr), u32 bytes */
  credit: 9,
  /** u64 nanoseconds of the epoch: the guest's clock is set before anything that follows. Since version 2 */
  time: 10,
  /** nonce[16], u32 version, u32 most sessions, u32 largest payload */
  welcome: 65,
  /** u32 pid, u32 stdin credit: exec has succeeded */
  started: 66,
  stdout: 67,
  stderr: 68,
  /** no payload: the command reads no more */
  stdinClosed: 69,
  /** u32 kind (0 exited, 1 killed by a signal), u32 status or signal number */
  exit: 70,
  /** u32 Linux errno, then the step that failed: user, cwd, exec, request, sessions, ... */
  error: 71,
  pong: 72,
  /** no payload: I have lost my place, say HELLO */
  desync: 73,
} as const

export const streams = { stdin: 0, stdout: 1, stderr: 2 } as const

export interface Frame {
  readonly type: number
  readonly session: number
  readonly payload: Buffer
}

/** A whole frame. The payload must not be longer than `maxPayloadBytes`. */
export function encodeFrame(type: number, session: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + payload.length + trailerBytes)
  frame.writeUInt32LE(magic, 0)
  frame.writeUInt32LE(type, 4)
  frame.writeUInt32LE(session, 8)
  frame.writeUInt32LE(payload.length, 12)
  frame.set(payload, headerBytes)
  frame.writeUInt32LE(endMark, headerBytes + payload.length)
  return frame
}

/** Payload of 32-bit numbers, one after the other. */
export function encodeNumbers(...numbers: readonly number[]): Buffer {
  const payload = Buffer.allocUnsafe(4 * numbers.length)
  numbers.forEach((number, index) => payload.writeUInt32LE(number, 4 * index))
  return payload
}

/** Payload of TIME. */
export function encodeTime(epochMs: number): Buffer {
  const payload = Buffer.allocUnsafe(8)
  // Beyond what a number holds exactly, but to a millionth of a second.
  payload.writeBigUInt64LE(BigInt(Math.round(epochMs * 1000)) * 1000n)
  return payload
}

/** Payload of RESIZE. */
export function encodeSize(rows: number, columns: number): Buffer {
  const payload = Buffer.allocUnsafe(4)
  payload.writeUInt16LE(rows, 0)
  payload.writeUInt16LE(columns, 2)
  return payload
}

/** What opens a connection: zeroes that end whatever was torn, then HELLO. */
export function encodeHello(nonce: Buffer): Buffer {
  const payload = Buffer.concat([nonce, encodeNumbers(protocolVersion)])
  return Buffer.concat([Buffer.alloc(maxFrameBytes), encodeFrame(frameTypes.hello, 0, payload)])
}

/** The exact bytes with which the answer to this nonce begins. */
export function welcomePrefix(nonce: Buffer): Buffer {
  const header = encodeFrame(frameTypes.welcome, 0, Buffer.concat([nonce, encodeNumbers(0, 0, 0)]))
  return header.subarray(0, headerBytes + nonceBytes)
}

export interface ExecPayload {
  readonly argv: readonly string[]
  readonly env: readonly string[]
  readonly cwd: string
  readonly user: string
  readonly pty: { readonly rows: number; readonly columns: number } | null
  readonly outputWindowBytes: number
}

/**
 * Payload of EXEC: `u32 flags (1: pty) | u16 rows | u16 columns | u32 stdout credit |
 * u32 stderr credit | u16 argc | u16 envc`, then each string as `u32 length | bytes`: cwd
 * (empty: the user's home), user (empty: root), argv, env (`NAME=value`, added to PATH, HOME,
 * USER, LOGNAME, SHELL and, with a pty, TERM). The caller checks counts and the total length.
 */
export function encodeExec(request: ExecPayload): Buffer {
  const fixed = Buffer.alloc(20)
  fixed.writeUInt32LE(request.pty === null ? 0 : 1, 0)
  fixed.writeUInt16LE(request.pty?.rows ?? 0, 4)
  fixed.writeUInt16LE(request.pty?.columns ?? 0, 6)
  fixed.writeUInt32LE(request.outputWindowBytes, 8)
  fixed.writeUInt32LE(request.outputWindowBytes, 12)
  fixed.writeUInt16LE(request.argv.length, 16)
  fixed.writeUInt16LE(request.env.length, 18)
  const parts: Buffer[] = [fixed]
  for (const text of [request.cwd, request.user, ...request.argv, ...request.env]) {
    const bytes = Buffer.from(text, 'utf8')
    parts.push(encodeNumbers(bytes.length), bytes)
  }
  return Buffer.concat(parts)
}

/**
 * Cuts frames out of chunks as they arrive. Holds at most one unfinished frame. Throws
 * `MalformedFrameError` on anything that is not a frame: the guest may be hostile.
 */
export class FrameReader {
  #parts: Buffer[] = []
  #length = 0
  #needed = headerBytes

  /** The frames that this chunk completes. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = []
    this.#parts.push(chunk)
    this.#length += chunk.length
    while (this.#length >= this.#needed) {
      const bytes = this.#parts.length === 1 && this.#parts[0] !== undefined ? this.#parts[0] : Buffer.concat(this.#parts)
      const length = checkedPayloadLength(bytes)
      const total = headerBytes + length + trailerBytes
      this.#parts = [bytes]
      this.#needed = total
      if (bytes.length < total) continue
      if (bytes.readUInt32LE(headerBytes + length) !== endMark) throw new MalformedFrameError()
      this.#parts = bytes.length === total ? [] : [bytes.subarray(total)]
      this.#length = bytes.length - total
      this.#needed = headerBytes
      frames.push({ type: bytes.readUInt8(4), session: bytes.readUInt32LE(8), payload: bytes.subarray(headerBytes, headerBytes + length) })
    }
    return frames
  }
}

export class MalformedFrameError extends Error {
  override readonly name = 'MalformedFrameError'
}

function checkedPayloadLength(bytes: Buffer): number {
  const length = bytes.readUInt32LE(12)
  if (bytes.readUInt32LE(0) !== magic || bytes.readUIntLE(5, 3) !== 0 || length > maxPayloadBytes) throw new MalformedFrameError()
  return length
}

/** A 32-bit number of a payload. Throws `MalformedFrameError` where the payload is too short. */
export function numberAt(payload: Buffer, index: number): number {
  if (payload.length < 4 * index + 4) throw new MalformedFrameError()
  return payload.readUInt32LE(4 * index)
}
