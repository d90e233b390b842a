/** Sends an image to `mayfly serve` in pieces, so that there is progress and a broken connection costs one piece. */
import type { Appliance } from '../../contract/appliance.ts'
import { MayflyError } from '../../contract/errors.ts'
import type { Job } from '../../contract/job.ts'
import type { CreateRequest } from '../../contract/procedures/machine.ts'
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
      return job
    },
    drop: () => void ask('DELETE', `/upload/${id}`, undefined, undefined).catch(() => undefined),
  }
}

async function upload(file: File, options: UploadOptions): Promise<UploadState> {
  const { signal, onProgress, name } = options
  let state = await ask<UploadState>('POST', '/upload', JSON.stringify({ fileName: file.name, sizeBytes: file.size, ...(name === undefined ? {} : { name }) }), signal)
  const path = `/upload/${state.id}`
  try {
    for (let failures = 0; state.job === null && state.appliance === null; ) {
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
  return state
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
