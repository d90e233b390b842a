/**
 * Waiting for the helper's WELCOME on a connection that may first carry the tail of an older
 * conversation. Everything before the welcome to our own nonce is dropped, and no more than
 * a search needs is ever held.
 */
import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'
import { MayflyError } from '../../../contract/errors.ts'
import { encodeNumbers } from './protocol.ts'

interface Welcome {
  readonly version: number
  /** Bytes after the welcome. The stream is paused. */
  readonly rest: Buffer
}

interface AwaitOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** After the nonce: version, most sessions, largest payload, and the frame's end mark. */
const afterPrefixBytes = encodeNumbers(0, 0, 0, 0).length

/** Null when the time is over; the stream is then destroyed, as on every error. */
export function awaitWelcome(stream: Duplex, prefix: Buffer, options: AwaitOptions): Promise<Welcome | null> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0)
    const leave = (destroy: boolean): void => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
      stream.off('data', onData).off('close', onClose)
      // An error that comes after us has nobody else to hear it.
      if (destroy) stream.destroy()
      else stream.off('error', ignore)
    }
    const ignore = (): void => undefined
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk])
      const at = seen.indexOf(prefix)
      const end = at + prefix.length + afterPrefixBytes
      if (at >= 0 && seen.length >= end) {
        stream.pause()
        leave(false)
        resolve({ version: seen.readUInt32LE(at + prefix.length), rest: seen.subarray(end) })
      } else {
        seen = seen.subarray(at >= 0 ? at : Math.max(0, seen.length - prefix.length + 1))
      }
    }
    const onClose = (): void => {
      leave(true)
      reject(new MayflyError('qmp-interrupted', 'The connection to the guest\'s exec helper ended before it answered.', { command: 'exec' }))
    }
    const onAbort = (): void => {
      leave(true)
      reject(new MayflyError('cancelled', 'Connecting to the guest was cancelled.', {}))
    }
    const timer = setTimeout(() => {
      leave(true)
      resolve(null)
    }, options.timeoutMs)
    stream.on('data', onData).on('close', onClose).on('error', ignore)
    options.signal?.addEventListener('abort', onAbort, { once: true })
    if (options.signal?.aborted === true) onAbort()
    else if (stream.destroyed) onClose()
  })
}
