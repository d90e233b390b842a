/**
 * Remembers jobs across engines: a capped file of one JSON object a line, the last line of an
 * id counting. A job that was begun and never ended is known to have been interrupted. History
 * is a convenience: a disk that is full or a torn line costs entries, never an error.
 */
import { appendFile, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MayflyError, toErrorRecord } from '../../contract/errors.ts'
import type { JobId } from '../../contract/ids.ts'
import type { Job } from '../../contract/job.ts'
import { jobSchema } from '../../contract/job.ts'
import { makePrivateFolder, writeFileAtomic } from '../storage/atomic-file.ts'

/** How many ended jobs stay listed. */
export const keptEndedJobs = 200
/** The file is written anew once it has this many lines. */
const mostLines = 4 * keptEndedJobs

export class JobHistory {
  readonly #path: string
  #lines = 0
  #tail: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /** The ended jobs of earlier engines, oldest first. Jobs that ran when their engine died are failed. */
  async load(): Promise<Job[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => '')
    const byId = new Map<JobId, Job>()
    for (const line of text.split('\n')) {
      const job = parseLine(line)
      if (job === null) continue
      byId.delete(job.id)
      byId.set(job.id, job)
    }
    const jobs = [...byId.values()].map((job) => (job.state === 'running' ? asInterrupted(job) : job)).slice(-keptEndedJobs)
    await this.#rewrite(jobs)
    return jobs
  }

  /** Adds a job as it is now. `everything` is what a rewrite keeps, oldest first. */
  record(job: Job, everything: () => readonly Job[]): void {
    this.#tail = this.#tail.then(async () => {
      if (this.#lines >= mostLines) {
        await this.#rewrite(everything())
        return
      }
      this.#lines += 1
      await appendFile(this.#path, `${JSON.stringify(job)}\n`, { mode: 0o600 }).catch(() => undefined)
    })
  }

  /** Resolves when everything recorded so far is written. */
  async flush(): Promise<void> {
    await this.#tail
  }

  async #rewrite(jobs: readonly Job[]): Promise<void> {
    this.#lines = jobs.length
    try {
      await makePrivateFolder(dirname(this.#path))
      await writeFileAtomic(this.#path, jobs.map((job) => `${JSON.stringify(job)}\n`).join(''))
    } catch {
      // A disk that is full or read only: the next rewrite tries again.
    }
  }
}

function parseLine(line: string): Job | null {
  if (line === '') return null
  try {
    const parsed = jobSchema.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

function asInterrupted(job: Job): Job {
  const error = new MayflyError('job-failed', `“${job.title}” was interrupted: the engine ended before it did.`, { job: job.id }, { next: 'Start it again.' })
  return { ...job, state: 'failed', bytesPerSecond: null, remainingSeconds: null, endedAt: new Date().toISOString(), error: toErrorRecord(error), result: null }
}
