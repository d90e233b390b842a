/**
 * One command in a guest, as its caller sees it. Created when the guest has confirmed that
 * the program runs; over when `exited` settles, which is after the last byte of output has
 * been taken in (though perhaps not yet read by the caller).
 */
import type { Buffer } from 'node:buffer'
import type { Readable, Writable } from 'node:stream'
import type { MayflyError } from '../../../contract/errors.ts'
import { InputStream, OutputStream } from './exec-streams.ts'
import { encodeNumbers, encodeSize, frameTypes, maxPayloadBytes, streams } from './protocol.ts'
import { type LinuxSignal, linuxSignalName, linuxSignalNumber } from './linux-signals.ts'

/** How much of each output stream may be under way or waiting for its reader. */
export const outputWindowBytes = 256 * 1024

export interface ExecExit {
  /** Null when a signal ended it. */
  readonly exitStatus: number | null
  /** `SIGTERM`, ...; null when it exited by itself. */
  readonly signal: string | null
}

export interface ExecSession {
  /** The process id in the guest. */
  readonly pid: number
  /** Destroyed without an error when the command reads no more. */
  readonly stdin: Writable
  /**
   * Must be read (or `resume()`d, or destroyed): a command whose output nobody takes waits, as
   * with any pipe, and does not exit. With a pty everything comes here and stderr is empty.
   */
  readonly stdout: Readable
  readonly stderr: Readable
  /** Rejects with `cancelled` (the caller's signal) or `qmp-interrupted` (connection lost, outcome unknown). */
  readonly exited: Promise<ExecExit>
  /** To the command's process group; with a pty to the terminal's foreground group. No effect after the end. */
  signal(name: LinuxSignal): void
  /** The terminal's size. No effect without a pty. */
  resize(rows: number, columns: number): void
}

type SendFrame = (type: number, payload?: Uint8Array) => void

/** The client's side of a session: frames go in, the caller's view comes out. */
export class ActiveSession implements ExecSession {
  readonly pid: number
  readonly stdin: InputStream
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly exited: Promise<ExecExit>
  readonly #send: SendFrame
  #settle: { resolve: (exit: ExecExit) => void; reject: (error: Error) => void } | null = null

  constructor(send: SendFrame, pid: number, stdinCredit: number) {
    this.#send = (type, payload) => {
      if (this.#settle !== null) send(type, payload)
    }
    this.pid = pid
    this.exited = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Whoever does not look at the outcome must not be killed by it.
    this.exited.catch(() => undefined)
    const sink = { data: (chunk: Buffer) => this.#send(frameTypes.stdin, chunk), eof: () => this.#send(frameTypes.stdinEof) }
    this.stdin = new InputStream(sink, maxPayloadBytes)
    this.stdout = new OutputStream(this.#granter(streams.stdout))
    this.stderr = new OutputStream(this.#granter(streams.stderr))
    // Their errors are the loss of the connection, which `exited` tells.
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.on('error', () => undefined)
    this.stdin.grant(stdinCredit)
  }

  signal(name: LinuxSignal): void {
    this.#send(frameTypes.signal, encodeNumbers(linuxSignalNumber(name)))
  }

  resize(rows: number, columns: number): void {
    this.#send(frameTypes.resize, encodeSize(rows, columns))
  }

  /** Output from the guest; false when the guest sent more than it had credit for. */
  deliver(stream: OutputStream, chunk: Buffer): boolean {
    if (stream.waitingBytes + chunk.length > outputWindowBytes) return false
    stream.deliver(chunk)
    return true
  }

  finish(kind: number, value: number): void {
    const settle = this.#settle
    this.#settle = null
    this.stdin.destroy()
    this.stdout.end()
    this.stderr.end()
    settle?.resolve(kind === 0 ? { exitStatus: value, signal: null } : { exitStatus: null, signal: linuxSignalName(value) })
  }

  fail(error: MayflyError): void {
    const settle = this.#settle
    this.#settle = null
    this.stdin.destroy(error)
    this.stdout.destroy(error)
    this.stderr.destroy(error)
    settle?.reject(error)
  }

  #granter(stream: number): (bytes: number) => void {
    let due = 0
    return (bytes) => {
      due += bytes
      if (due < outputWindowBytes / 4) return
      this.#send(frameTypes.credit, encodeNumbers(stream, due))
      due = 0
    }
  }
}
