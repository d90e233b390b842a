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
import { withEngine } from '../page/engine-access.ts'
import type { EngineAccess } from '../page/engine-access.ts'

/** Bytes of one image; the largest disk the contract allows is as large. */
const maxImageBytes = 16 * 1024 ** 4
/** Bytes of one piece. */
const maxPieceBytes = 64 * 1024 ** 2
/** Uploads at once. */
const maxUploads = 8
/** What an earlier process left, nobody takes up again. */
const staleMs = 24 * 60 * 60 * 1000

export interface UploadState {
  readonly id: string
  readonly sizeBytes: number
  readonly receivedBytes: number
  /** The job that adds the image, once all of it is there. */
  readonly job: Job | null
  /** What an OVA would become, once all of it is there. */
  readonly appliance: Appliance | null
}

interface Upload {
  readonly folder: string
  readonly file: string
  readonly name: string | undefined
  readonly sizeBytes: number
  receivedBytes: number
  busy: boolean
  job: Job | null
  appliance: Appliance | null
}

export class Uploads {
  readonly #folder: string
  readonly #engine: EngineAccess
  readonly #uploads = new Map<string, Upload>()
  readonly #ended = new AbortController()

  constructor(folder: string, engine: EngineAccess) {
    this.#folder = folder
    this.#engine = engine
    removeStale(folder)
  }

  /** Makes room for an image. Throws `no-space`, `conflict` where too many are under way, `invalid-input`. */
  async begin(request: { readonly fileName: string; readonly name?: string | undefined; readonly sizeBytes: number }): Promise<UploadState> {
    const { fileName, name, sizeBytes } = request
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1 || sizeBytes > maxImageBytes) throw invalid('sizeBytes', 'This is not the size of an image.')
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
    const upload: Upload = { folder, file, name, sizeBytes, receivedBytes: 0, busy: false, job: null, appliance: null }
    this.#uploads.set(id, upload)
    return stateOf(id, upload)
  }

  /** How far it is: where a browser that lost its connection goes on. */
  show(id: string): UploadState {
    return stateOf(id, this.#find(id))
  }

  /** Takes the piece that begins at `offset`. Bytes that arrived are kept even where the connection breaks. */
  async take(id: string, offset: number, piece: IncomingMessage): Promise<UploadState> {
    const upload = this.#find(id)
    if (upload.busy || offset !== upload.receivedBytes || upload.job !== null || upload.appliance !== null) {
      throw new MayflyError('conflict', `This piece does not follow on what is there: ${upload.receivedBytes} bytes.`, { state: String(upload.receivedBytes), allowed: [String(offset)] }, { next: 'Ask how far it is, and go on there.' })
    }
    upload.busy = true
    try {
      const file = await open(upload.file, 'r+')
      try {
        await this.#store(upload, file, piece)
      } finally {
        await file.close()
      }
    } finally {
      upload.busy = false
    }
    if (upload.receivedBytes === upload.sizeBytes) await this.#whole(id, upload)
    return stateOf(id, upload)
  }

  /** Forgets an upload and what arrived of it. */
  async cancel(id: string): Promise<void> {
    const upload = this.#find(id)
    if (upload.job !== null) throw new MayflyError('conflict', 'All of it is there; cancel the job that adds it.', { state: 'adding', allowed: ['receiving'] })
    this.#uploads.delete(id)
    await rm(upload.folder, { recursive: true, force: true })
  }

  async close(): Promise<void> {
    this.#ended.abort()
    const unfinished = [...this.#uploads.values()].filter(({ job }) => job === null)
    this.#uploads.clear()
    await Promise.all(unfinished.map(({ folder }) => rm(folder, { recursive: true, force: true })))
  }

  async #store(upload: Upload, file: FileHandle, piece: IncomingMessage): Promise<void> {
    const end = Math.min(upload.sizeBytes, upload.receivedBytes + maxPieceBytes)
    for await (const chunk of piece as AsyncIterable<Buffer>) {
      if (upload.receivedBytes + chunk.length > end) throw invalid('', 'The piece is larger than it may be.')
      await file.write(chunk, 0, chunk.length, upload.receivedBytes)
      upload.receivedBytes += chunk.length
    }
  }

  /** Makes a machine of an OVA that waits. What it is to become is checked by the engine. Throws what `machine.import` throws; the OVA then waits on. */
  async import(id: string, choice: object): Promise<UploadState> {
    const upload = this.#find(id)
    if (upload.appliance === null || upload.job !== null || upload.busy) throw new MayflyError('conflict', 'This is no appliance that waits to be imported.', { state: upload.job === null ? 'receiving' : 'adding', allowed: ['waiting'] })
    upload.busy = true
    try {
      upload.job = await withEngine(this.#engine, ({ client }) => client.machine.import({ ...choice, file: upload.file }))
    } finally {
      upload.busy = false
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
    return upload
  }
}

function stateOf(id: string, { sizeBytes, receivedBytes, job, appliance }: Upload): UploadState {
  return { id, sizeBytes, receivedBytes, job, appliance }
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
