/** Archives that callers hand in for runs they are about to start. Each is good for one run, and is gone soon where none comes. */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { MayflyError } from '../../contract/errors.ts'
import type { StreamTicket } from '../../contract/stream.ts'
import { makeRandomId } from '../jobs/random-id.ts'
import { freeBytes, makePrivateFolder } from '../storage/atomic-file.ts'
import type { StreamDesk } from '../streams/stream-desk.ts'

/** How long a whole archive waits for its run. */
const keptForMs = 10 * 60_000
/** What has to stay free beside it. */
const spareBytes = 256 * 1024 * 1024

interface Upload {
  readonly file: string
  isWhole: boolean
  readonly timer: NodeJS.Timeout
}

export class RunUploads {
  readonly #folder: string
  readonly #streams: StreamDesk
  readonly #uploads = new Map<string, Upload>()

  constructor(folder: string, streams: StreamDesk) {
    this.#folder = folder
    this.#streams = streams
  }

  /** Takes an archive of so many bytes. Throws `no-space`. */
  async begin(bytes: number): Promise<StreamTicket & { upload: string }> {
    await makePrivateFolder(this.#folder)
    const free = await freeBytes(this.#folder)
    if (free !== null && bytes + spareBytes > free) throw new MayflyError('no-space', `There is no room for ${bytes} bytes of files for a run.`, { path: this.#folder, needed: bytes, free }, { next: 'Free some space and try again.' })
    const upload = makeRandomId()
    const file = join(this.#folder, `${upload}.tar`)
    const timer = setTimeout(() => void this.#drop(upload), keptForMs).unref()
    const entry: Upload = { file, isWhole: false, timer }
    this.#uploads.set(upload, entry)
    const ticket = this.#streams.issue('bytes', () => new UploadStream(file, bytes, () => {
      entry.isWhole = true
    }))
    return { ...ticket, upload }
  }

  /** Moves an archive to the run that it was made for; the file is the caller's then. Throws `not-found` where it is not whole. */
  take(upload: string): string {
    const found = this.#uploads.get(upload)
    if (found?.isWhole !== true) throw new MayflyError('not-found', 'The files for the run have not come whole.', { kind: 'upload', ref: 'upload' }, { next: 'Hand them in again.' })
    this.#uploads.delete(upload)
    clearTimeout(found.timer)
    return found.file
  }

  async close(): Promise<void> {
    await Promise.all([...this.#uploads.keys()].map((upload) => this.#drop(upload)))
  }

  async #drop(upload: string): Promise<void> {
    const found = this.#uploads.get(upload)
    this.#uploads.delete(upload)
    clearTimeout(found?.timer)
    if (found !== undefined) await rm(found.file, { force: true })
  }
}

/** Writes what comes to a file, never more than was announced, and ends from this side when all of it is there. */
class UploadStream extends Duplex {
  readonly #file: NodeJS.WritableStream & { destroy(): void }
  readonly #bytes: number
  readonly #onWhole: () => void
  #got = 0

  constructor(file: string, bytes: number, onWhole: () => void) {
    super({ allowHalfOpen: true })
    this.#bytes = bytes
    this.#onWhole = onWhole
    const target = createWriteStream(file, { mode: 0o600, flags: 'wx' })
    target.on('error', (error) => this.destroy(error))
    this.#file = target
    this.on('error', () => undefined)
  }

  override _read(): void {
    // Nothing is sent but the end.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#got += chunk.length
    if (this.#got > this.#bytes) callback(new MayflyError('invalid-input', 'More files came than were announced.', { issues: [{ path: 'bytes', message: 'It does not fit.' }] }))
    else if (this.#file.write(chunk)) callback()
    else this.#file.once('drain', () => callback())
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#file.end(() => {
      if (this.#got === this.#bytes) this.#onWhole()
      this.push(null)
      callback()
    })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#file.destroy()
    callback(error)
  }
}
