/**
 * Sends an image to `mayfly serve` in pieces, so that there is progress and a broken connection costs one
 * piece. What has arrived of a file is kept there for a while: the same file, sent anew by this page or by
 * the next, goes on with it.
 */
import type { Appliance } from '../../contract/appliance.ts'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { Job } from '../../contract/job.ts'
import type { CreateRequest } from '../../contract/procedures/machine.ts'
import { sessionKeyHeader, sessionKeyName } from '../../contract/wire/browser-session.ts'
import { fromErrorRecord } from '../../contract/wire/error-record.ts'

const pieceBytes = 8 * 1024 * 1024
/** A connection that is broken on the way does not say so. A slow one only has its piece cut shorter: what arrived is kept. */
const piecePatienceMs = 60_000
const askPatienceMs = 10_000
/** How often it is tried without a byte arriving before it is given up, and the pauses between: about two minutes. */
const triesInARow = 25
const pauseMs = 1000
const longestPauseMs = 5000

interface UploadOptions {
  /** What to call the image; default: as the file is called. */
  readonly name?: string
  readonly signal?: AbortSignal
  /** `keptBytes`: of what was sent, what had arrived before. */
  readonly onProgress?: (progress: { readonly sentBytes: number; readonly sizeBytes: number; readonly keptBytes: number }) => void
}

/** An upload that began before this page did, or that it gave up: the same file goes on with it. */
export interface HalfUpload {
  readonly id: string
  readonly fileName: string
  readonly sizeBytes: number
  readonly receivedBytes: number
}

interface UploadState extends HalfUpload {
  readonly name: string | null
  readonly modifiedAtMs: number | null
  readonly job: Job | null
  /** What an OVA that has arrived would become; it waits to be asked for. */
  readonly appliance: Appliance | null
}

/** What an appliance is to become; what is left out is as it says itself. */
export type ApplianceChoice = Partial<Pick<CreateRequest, 'name' | 'cpus' | 'memoryMiB' | 'diskMiB' | 'forwards' | 'start'>>

export interface SentAppliance {
  readonly appliance: Appliance
  readonly begin: (choice: ApplianceChoice) => Promise<Job>
  /** Forgets it, where it was not begun. */
  readonly drop: () => void
}

/** Resolves with the job that adds the image, once all of it has arrived. Rejects with `cancelled` where the signal aborts; what was sent is then forgotten. */
export async function uploadImage(file: File, options: UploadOptions = {}): Promise<Job> {
  const { job } = await upload(file, options)
  if (job === null) throw new MayflyError('unsupported', `${file.name} is an appliance and becomes a machine, no image.`, { needs: 'an image', have: 'an appliance' })
  return job
}

/** As `uploadImage`, for an OVA: resolves with what it would become. */
export async function uploadAppliance(file: File, options: UploadOptions = {}): Promise<SentAppliance> {
  const { id, appliance } = await upload(file, options)
  if (appliance === null) throw new MayflyError('unsupported', `${file.name} is no appliance.`, { needs: 'an OVA file', have: 'another' })
  return {
    appliance,
    begin: async (choice) => {
      const { job } = await ask<UploadState>('POST', `/upload/${id}`, JSON.stringify(choice), undefined)
      if (job === null) throw new Error('The upload has no job.')
      ours.delete(id)
      return job
    },
    drop: () => {
      ours.delete(id)
      void forgetUpload(id).catch(() => undefined)
    },
  }
}

/** What this page itself sends, or has sent and asks about. */
const ours = new Set<string>()

/** What was begun and is not this page's. */
export async function listHalfUploads(): Promise<readonly HalfUpload[]> {
  const all = await ask<readonly UploadState[]>('GET', '/upload', undefined, AbortSignal.timeout(askPatienceMs))
  return all.filter(({ id, job }) => job === null && !ours.has(id))
}

/** Forgets what has arrived of one. */
export async function forgetUpload(id: string): Promise<void> {
  await ask('DELETE', `/upload/${id}`, undefined, AbortSignal.timeout(askPatienceMs))
}

async function upload(file: File, options: UploadOptions): Promise<UploadState> {
  const { signal, name } = options
  try {
    const begun = (await takeUp(file, name)) ?? (await ask<UploadState>('POST', '/upload', JSON.stringify({ fileName: file.name, sizeBytes: file.size, modifiedAtMs: file.lastModified, ...(name === undefined ? {} : { name }) }), signal))
    ours.add(begun.id)
    try {
      const state = await sendPieces(file, begun, options)
      if (state.appliance === null) ours.delete(begun.id)
      return state
    } catch (error) {
      ours.delete(begun.id)
      // What broke off is kept for who adds the file again.
      if (signal?.aborted === true || !isBroken(error)) await forgetUpload(begun.id).catch(() => undefined)
      throw error
    }
  } catch (error) {
    if (signal?.aborted === true) throw new MayflyError('cancelled', 'The upload was cancelled; nothing was kept.', {})
    if (isBroken(error)) throw new MayflyError('host-unavailable', 'The connection to Mayfly was lost; the image was not added.', { check: 'engine' }, { cause: error, next: 'What has arrived is kept for an hour: add the file again to go on with it.' })
    throw error
  }
}

async function takeUp(file: File, as: string | undefined): Promise<HalfUpload | undefined> {
  const half = (await listHalfUploads().catch(() => [])) as readonly UploadState[]
  return half.find(({ fileName, name, sizeBytes, modifiedAtMs }) => (name ?? undefined) === as && fileName === file.name && sizeBytes === file.size && modifiedAtMs === file.lastModified)
}

async function sendPieces(file: File, begun: HalfUpload, { signal, onProgress }: UploadOptions): Promise<UploadState> {
  const path = `/upload/${begun.id}`
  const { receivedBytes: keptBytes } = begun
  const tell = (sentBytes: number): void => onProgress?.({ sentBytes, sizeBytes: file.size, keptBytes })
  const within = (patienceMs: number): AbortSignal => AbortSignal.any([...(signal === undefined ? [] : [signal]), AbortSignal.timeout(patienceMs)])
  let arrivedBytes = begun.receivedBytes
  for (let failures = 0; ; ) {
    tell(arrivedBytes)
    const offset = arrivedBytes
    try {
      const state = await ask<UploadState>('PUT', `${path}?offset=${offset}`, file.slice(offset, offset + pieceBytes), within(piecePatienceMs))
      if (state.job !== null || state.appliance !== null) {
        tell(file.size)
        return state
      }
      arrivedBytes = state.receivedBytes
    } catch (error) {
      // Where the connection broke after the bytes had gone, the next piece does not follow on what is there.
      const goesOn = isBroken(error) || isMayflyError(error, 'conflict')
      if (signal?.aborted === true || !goesOn || failures >= triesInARow) throw error
      await new Promise((resolve) => setTimeout(resolve, Math.min(longestPauseMs, pauseMs * (failures + 1))))
      arrivedBytes = await ask<UploadState>('GET', path, undefined, within(askPatienceMs)).then(({ receivedBytes }) => receivedBytes, (reason: unknown) => {
        if (isBroken(reason)) return offset
        throw reason
      })
    }
    failures = arrivedBytes > offset ? 0 : failures + 1
  }
}

/** Whether the connection is to blame: it broke, or nothing came over it in time. */
function isBroken(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')
}

async function ask<T>(method: string, path: string, body: string | Blob | undefined, signal: AbortSignal | undefined): Promise<T> {
  const answer = await fetch(path, {
    method,
    headers: { [sessionKeyHeader]: localStorage.getItem(sessionKeyName) ?? '', ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}) },
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  })
  const value: unknown = await answer.json()
  if (!answer.ok) throw fromErrorRecord((value as { error?: unknown }).error)
  return value as T
}
