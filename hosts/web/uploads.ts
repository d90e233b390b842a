/**
 * Takes images from a browser, piece by piece, so that a broken connection costs one piece. The
 * pieces are put together in a private folder beside the images; what is whole is handed to
 * `image.add`, which copies and checks it, and then goes. An OVA is looked at and waits until it is said what it is to become. Names of files are ours: nothing the
 * browser says becomes a path.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { open, rm, statfs } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Appliance } from '../../contract/appliance.ts'
import { MayflyError } from '../../contract/errors.ts'
import type { Job } from '../../contract/job.ts'
import { describeWriteFailure } from '../../engine/storage/atomic-file.ts'
import { withEngine } from '../page/engine-access.ts'
import type { EngineAccess } from '../page/engine-access.ts'

/** Bytes of one image; the largest disk the contract allows is as large. */
const maxImageBytes = 16 * 1024 ** 4
/** Bytes of one piece. */
const maxPieceBytes = 64 * 1024 ** 2
/** Uploads at once. */
const maxUploads = 8
/** An upload nobody asked after for so long was abandoned: its page was closed. */
const abandonedMs = 60 * 60 * 1000
/** An appliance that is there waits for somebody to say what it is to become, and pages ask nothing meanwhile. */
const waitsMs = 12 * 60 * 60 * 1000
const lookEveryMs = 10 * 60 * 1000
/** What an earlier process left, nobody takes up again. */
const staleMs = 24 * 60 * 60 * 1000
const maxFileNameCharacters = 255

/** What tells a file of the browser's from another, as far as its page can say. */
interface UploadedFile {
  readonly fileName: string
  readonly sizeBytes: number
  /** When the file was last changed; null: not told. */
  readonly modifiedAtMs: number | null
}

export interface UploadRequest extends Omit<UploadedFile, 'modifiedAtMs'> {
  readonly modifiedAtMs?: number | undefined
  /** What to call the image; default: as the file is called. */
  readonly name?: string | undefined
}

export interface UploadState extends UploadedFile {
  readonly id: string
  readonly name: string | null
  readonly receivedBytes: number
  /** The job that adds the image, once all of it is there. */
  readonly job: Job | null
  /** What an OVA would become, once all of it is there. */
  readonly appliance: Appliance | null
}

interface Upload extends UploadedFile {
  readonly folder: string
  readonly file: string
  readonly name: string | undefined
  receivedBytes: number
  /** The piece that is coming in, and when it was dealt with. */
  receiving: { readonly piece: IncomingMessage; readonly settled: Promise<void> } | null
  /** Handing all of it to the engine. */
  whole: Promise<void> | null
  importing: boolean
  askedAtMs: number
  job: Job | null
  appliance: Appliance | null
}

export class Uploads {
  readonly #folder: string
  readonly #engine: EngineAccess
  readonly #uploads = new Map<string, Upload>()
  readonly #ended = new AbortController()
  readonly #look: NodeJS.Timeout

  constructor(folder: string, engine: EngineAccess) {
    this.#folder = folder
    this.#engine = engine
    removeStale(folder)
    this.#look = setInterval(() => void this.dropAbandoned(), lookEveryMs).unref()
  }

  /** Makes room for an image. Throws `no-space`, `conflict` where too many are under way, `invalid-input`. */
  async begin({ fileName, name, sizeBytes, modifiedAtMs }: UploadRequest): Promise<UploadState> {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1 || sizeBytes > maxImageBytes) throw invalid('sizeBytes', 'This is not the size of an image.')
    await this.dropAbandoned()
    if (this.#uploads.size >= maxUploads) {
      throw new MayflyError('conflict', 'Too many images are being uploaded.', { state: 'busy', allowed: ['idle'] }, { next: 'Wait until one is done, or cancel it.' })
    }
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const { bavail, bsize } = await statfs(this.#folder)
    // Once here and once more where the image is kept.
    if (sizeBytes * 2 > bavail * bsize) {
      throw new MayflyError('no-space', 'There is not enough space for this image; nothing was stored.', { path: this.#folder, needed: sizeBytes * 2, free: bavail * bsize })
    }
    const id = randomBytes(16).toString('base64url')
    const folder = join(this.#folder, id)
    mkdirSync(folder, { mode: 0o700 })
    const file = join(folder, plainName(fileName))
    await (await open(file, 'wx', 0o600)).close()
    const told = { fileName: fileName.slice(0, maxFileNameCharacters), sizeBytes, modifiedAtMs: modifiedAtMs ?? null }
    const upload: Upload = { ...told, folder, file, name, receivedBytes: 0, receiving: null, whole: null, importing: false, askedAtMs: performance.now(), job: null, appliance: null }
    this.#uploads.set(id, upload)
    return stateOf(id, upload)
  }

  /** What is under way: a page that was loaded anew goes on with what it has the file of. */
  list(): readonly UploadState[] {
    return [...this.#uploads].map(([id, upload]) => stateOf(id, upload))
  }

  /** How far it is: where a browser that lost its connection goes on. */
  show(id: string): UploadState {
    return stateOf(id, this.#find(id))
  }

  /** Takes the piece that begins at `offset`. Bytes that arrived are kept even where the connection breaks. */
  async take(id: string, offset: number, piece: IncomingMessage): Promise<UploadState> {
    const upload = this.#find(id)
    // Whoever sends anew has given up the piece before, though its connection may seem to live for minutes.
    while (upload.receiving !== null) {
      upload.receiving.piece.destroy()
      await upload.receiving.settled
    }
    if (upload.whole !== null) {
      await upload.whole
      return stateOf(id, upload)
    }
    if (offset !== upload.receivedBytes || upload.job !== null || upload.appliance !== null || this.#uploads.get(id) !== upload) {
      throw new MayflyError('conflict', `This piece does not follow on what is there: ${upload.receivedBytes} bytes.`, { state: String(upload.receivedBytes), allowed: [String(offset)] }, { next: 'Ask how far it is, and go on there.' })
    }
    const stored = this.#store(upload, piece)
    const receiving = { piece, settled: stored.catch(() => undefined) }
    upload.receiving = receiving
    try {
      await stored
    } finally {
      upload.receiving = null
      upload.askedAtMs = performance.now()
    }
    if (upload.receivedBytes === upload.sizeBytes) await (upload.whole = this.#whole(id, upload))
    return stateOf(id, upload)
  }

  /** Forgets what nobody has asked after for long. */
  async dropAbandoned(nowMs = performance.now()): Promise<void> {
    for (const [id, upload] of this.#uploads) {
      const isUnderWay = upload.receiving !== null || upload.importing || upload.job !== null || (upload.whole !== null && upload.appliance === null)
      if (isUnderWay || nowMs - upload.askedAtMs <= (upload.appliance === null ? abandonedMs : waitsMs)) continue
      this.#uploads.delete(id)
      await rm(upload.folder, { recursive: true, force: true })
    }
  }

  /** Forgets an upload and what arrived of it. */
  async cancel(id: string): Promise<void> {
    const upload = this.#find(id)
    if (upload.job !== null || upload.importing) throw new MayflyError('conflict', 'All of it is there; cancel the job that adds it.', { state: 'adding', allowed: ['receiving'] })
    this.#uploads.delete(id)
    upload.receiving?.piece.destroy()
    await upload.receiving?.settled
    await rm(upload.folder, { recursive: true, force: true })
  }

  async close(): Promise<void> {
    clearInterval(this.#look)
    this.#ended.abort()
    const unfinished = [...this.#uploads.values()].filter(({ job }) => job === null)
    this.#uploads.clear()
    await Promise.all(unfinished.map(({ folder }) => rm(folder, { recursive: true, force: true })))
  }

  async #store(upload: Upload, piece: IncomingMessage): Promise<void> {
    let room = Math.min(upload.sizeBytes - upload.receivedBytes, maxPieceBytes)
    let failure: unknown
    const file = await open(upload.file, 'r+')
    try {
      for await (const chunk of chunksOf(piece)) {
        room -= chunk.length
        if (room < 0) throw invalid('', 'The piece is larger than it may be.')
        // A browser reads no answer before it has sent everything, so the rest is taken, and dropped.
        failure ??= await this.#write(upload, file, chunk)
      }
    } finally {
      await file.close()
    }
    if (failure !== undefined) throw await describeWriteFailure(upload.file, failure)
  }

  /** Answers with what went wrong. What was written counts, also where it was not all. */
  async #write(upload: Upload, file: FileHandle, chunk: Buffer): Promise<unknown> {
    try {
      for (let rest = chunk; rest.length > 0; ) {
        const { bytesWritten } = await file.write(rest, 0, rest.length, upload.receivedBytes)
        upload.receivedBytes += bytesWritten
        rest = rest.subarray(bytesWritten)
      }
      return undefined
    } catch (error) {
      return error
    }
  }

  /** Makes a machine of an OVA that waits. What it is to become is checked by the engine. Throws what `machine.import` throws; the OVA then waits on. */
  async import(id: string, choice: object): Promise<UploadState> {
    const upload = this.#find(id)
    if (upload.appliance === null || upload.job !== null || upload.importing) throw new MayflyError('conflict', 'This is no appliance that waits to be imported.', { state: upload.job === null ? 'receiving' : 'adding', allowed: ['waiting'] })
    upload.importing = true
    try {
      upload.job = await withEngine(this.#engine, ({ client }) => client.machine.import({ ...choice, file: upload.file }))
    } finally {
      upload.importing = false
    }
    this.#removeAfter(id, upload, upload.job)
    return stateOf(id, upload)
  }

  async #whole(id: string, upload: Upload): Promise<void> {
    try {
      if (/\.ova$/i.test(upload.file)) {
        upload.appliance = await withEngine(this.#engine, ({ client }) => client.machine.inspectAppliance({ file: upload.file }))
        return
      }
      upload.job = await withEngine(this.#engine, ({ client }) => client.image.add({ file: upload.file, ...(upload.name === undefined ? {} : { name: upload.name }) }))
    } catch (error) {
      this.#uploads.delete(id)
      await rm(upload.folder, { recursive: true, force: true })
      throw error
    }
    this.#removeAfter(id, upload, upload.job)
  }

  #removeAfter(id: string, upload: Upload, { id: job }: Job): void {
    withEngine(this.#engine, ({ client }) => client.job.wait({ job }, { signal: this.#ended.signal }))
      .then(() => rm(upload.folder, { recursive: true, force: true }))
      // Where this ends first, or the engine goes, the job may still be reading: a later start removes it.
      .catch(() => undefined)
      .finally(() => this.#uploads.delete(id))
  }

  #find(id: string): Upload {
    const upload = this.#uploads.get(id)
    if (upload === undefined) throw new MayflyError('not-found', 'There is no such upload.', { kind: 'upload', ref: id.slice(0, 40) })
    upload.askedAtMs = performance.now()
    return upload
  }
}

/** Throws `cancelled` where the connection breaks: nobody is there to be told, but it is no fault of ours. */
async function* chunksOf(piece: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* piece as AsyncIterable<Buffer>
  } catch (error) {
    throw new MayflyError('cancelled', 'The connection broke in the middle of a piece.', {}, { cause: error })
  }
}

function stateOf(id: string, { fileName, name, sizeBytes, modifiedAtMs, receivedBytes, job, appliance }: Upload): UploadState {
  return { id, fileName, name: name ?? null, sizeBytes, modifiedAtMs, receivedBytes, job, appliance }
}

/** The end of what the browser calls the file, in letters that are harmless everywhere. */
function plainName(fileName: string): string {
  return fileName.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/^[.-]+/g, '').slice(-100) || 'image'
}

function invalid(path: string, message: string): MayflyError<'invalid-input'> {
  return new MayflyError('invalid-input', message, { issues: [{ path, message }] })
}

function removeStale(folder: string): void {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    return
  }
  for (const name of names) {
    const path = join(folder, name)
    if (Date.now() - statSync(path).mtimeMs > staleMs) rmSync(path, { recursive: true, force: true })
  }
}
