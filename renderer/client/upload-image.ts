/** Sends an image to `mayfly serve` in pieces, so that there is progress and a broken connection costs one piece. */
import { MayflyError } from '../../contract/errors.ts'
import type { Job } from '../../contract/job.ts'
import { sessionKeyHeader, sessionKeyName } from '../../contract/wire/browser-session.ts'
import { fromErrorRecord } from '../../contract/wire/error-record.ts'

const pieceBytes = 8 * 1024 * 1024
/** How often a piece is tried again before the upload is given up. */
const triesInARow = 5
const pauseMs = 1000

interface UploadOptions {
  /** What to call the image; default: as the file is called. */
  readonly name?: string
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { readonly sentBytes: number; readonly sizeBytes: number }) => void
}

interface UploadState {
  readonly id: string
  readonly receivedBytes: number
  readonly job: Job | null
}

/** Resolves with the job that adds the image, once all of it has arrived. Rejects with `cancelled` where the signal aborts; what was sent is then forgotten. */
export async function uploadImage(file: File, options: UploadOptions = {}): Promise<Job> {
  const { signal, onProgress, name } = options
  let state = await ask<UploadState>('POST', '/upload', JSON.stringify({ fileName: file.name, sizeBytes: file.size, ...(name === undefined ? {} : { name }) }), signal)
  const path = `/upload/${state.id}`
  try {
    for (let failures = 0; state.job === null; ) {
      onProgress?.({ sentBytes: state.receivedBytes, sizeBytes: file.size })
      const offset = state.receivedBytes
      try {
        state = await ask<UploadState>('PUT', `${path}?offset=${offset}`, file.slice(offset, offset + pieceBytes), signal)
        failures = 0
      } catch (error) {
        if (!(error instanceof TypeError) || ++failures >= triesInARow) throw error
        // The connection broke: see how much arrived.
        await new Promise((resolve) => setTimeout(resolve, pauseMs * failures))
        state = await ask<UploadState>('GET', path, undefined, signal).catch(() => state)
      }
    }
  } catch (error) {
    await ask('DELETE', path, undefined, undefined).catch(() => undefined)
    if (signal?.aborted === true) throw new MayflyError('cancelled', 'The upload was cancelled; nothing was kept.', {})
    if (error instanceof TypeError) throw new MayflyError('host-unavailable', 'The connection to Mayfly was lost; the image was not added.', { check: 'engine' }, { cause: error })
    throw error
  }
  onProgress?.({ sentBytes: file.size, sizeBytes: file.size })
  return state.job
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
