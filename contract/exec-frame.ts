/**
 * How a running command's streams share one byte stream between the engine and a client.
 * A frame is one byte of kind, four bytes of length (big endian), then that many bytes.
 * Both ends carry no more than `maxExecFrameBytes` in one frame.
 */
export const execFrameKinds = {
  /** To the engine: bytes for the command's stdin. Empty: end of stdin. */
  stdin: 0,
  /** To the engine: a signal's name in ASCII, such as SIGINT. */
  signal: 1,
  /** To the engine: columns and rows, two bytes each, big endian. */
  resize: 2,
  /** To the client. */
  stdout: 16,
  /** To the client. */
  stderr: 17,
  /** To the client, last: JSON {exitStatus: number|null, signal: string|null}. */
  exit: 18,
  /** To the client, last: JSON of an ErrorRecord. */
  error: 19,
  /** To the client, in streams of several commands: JSON {cell: number}. What follows is that one's, until the next such frame. */
  cell: 20,
} as const

export type ExecFrameKind = keyof typeof execFrameKinds

export const maxExecFrameBytes = 256 * 1024
export const execFrameHeaderBytes = 5

export interface ExecFrame {
  readonly kind: ExecFrameKind
  readonly payload: Uint8Array
}

const kindByNumber = new Map<number, ExecFrameKind>((Object.keys(execFrameKinds) as ExecFrameKind[]).map((kind) => [execFrameKinds[kind], kind]))

/** One frame as bytes. Payloads over `maxExecFrameBytes` must be split by the caller. */
export function encodeExecFrame(kind: ExecFrameKind, payload: Uint8Array = new Uint8Array()): Uint8Array {
  if (payload.length > maxExecFrameBytes) throw new RangeError(`An exec frame carries at most ${maxExecFrameBytes} bytes.`)
  const frame = new Uint8Array(execFrameHeaderBytes + payload.length)
  frame[0] = execFrameKinds[kind]
  new DataView(frame.buffer).setUint32(1, payload.length)
  frame.set(payload, execFrameHeaderBytes)
  return frame
}

/** Collects bytes and yields whole frames. Throws RangeError on an unknown kind or an oversized length; the stream is then of no use. */
export class ExecFrameDecoder {
  #pending: Uint8Array = new Uint8Array()

  /** Whole frames that `chunk` completes, in order. */
  push(chunk: Uint8Array): ExecFrame[] {
    let rest = this.#pending.length === 0 ? chunk : concat(this.#pending, chunk)
    const frames: ExecFrame[] = []
    while (rest.length >= execFrameHeaderBytes) {
      const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength)
      const kind = kindByNumber.get(view.getUint8(0))
      const length = view.getUint32(1)
      if (kind === undefined || length > maxExecFrameBytes) throw new RangeError('This is not a stream of exec frames.')
      if (rest.length < execFrameHeaderBytes + length) break
      frames.push({ kind, payload: rest.slice(execFrameHeaderBytes, execFrameHeaderBytes + length) })
      rest = rest.subarray(execFrameHeaderBytes + length)
    }
    this.#pending = rest.slice()
    return frames
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
