/**
 * Long work of the engine. A job is answered for at once, tells how far it is, can be cancelled,
 * and stays listed with its outcome. However its work ends, the job ends: in exactly one of
 * done, failed or cancelled, told once and last.
 */
import { MayflyError, isMayflyError, toErrorRecord } from '../../contract/errors.ts'
import type { JobId, MachineId } from '../../contract/ids.ts'
import type { Job, JobKind } from '../../contract/job.ts'
import { JobHistory, keptEndedJobs } from './job-history.ts'
import { ProgressMeter } from './progress-meter.ts'
import { makeRandomId } from './random-id.ts'

/** What a job made, and one sentence about it. */
export type JobResult = NonNullable<Job['result']>

/** What work sees of its own job. */
export interface JobHandle {
  readonly id: JobId
  /** Aborted when the job is cancelled or the engine ends. Work then undoes what it began and throws. */
  readonly signal: AbortSignal
  /** Says what it does just now, for people. */
  stage(text: string): void
  /** Bytes done of a total; speed and remaining time follow from it. */
  progress(doneBytes: number, totalBytes: number): void
  /** A part of the whole, 0 to 1; null where nobody knows. */
  progress(fraction: number | null): void
}

export interface JobStart {
  readonly kind: JobKind
  readonly title: string
  readonly machine?: MachineId | null
}

export interface JobBookOptions {
  /** Where ended jobs are remembered across engines; null: nowhere. */
  readonly historyFile: string | null
  /** Called at the beginning, at most about ten times a second on the way, and at the end of each job. */
  readonly onChange: (job: Job) => void
  /** Logs an error nobody expected and answers with the reference of its entry. */
  readonly reportBug: (error: unknown, doing: string) => string
}

const shortestBetweenChangesMs = 100

interface Entry {
  job: Job
  readonly abort: AbortController
  readonly ended: Promise<Job>
  readonly meter: ProgressMeter
  lastToldMs: number
  timer: NodeJS.Timeout | null
}

export class JobBook {
  readonly #options: JobBookOptions
  readonly #history: JobHistory | null
  readonly #running = new Map<JobId, Entry>()
  /** Oldest first. */
  #ended: Job[]
  #closed = false

  private constructor(options: JobBookOptions, history: JobHistory | null, ended: Job[]) {
    this.#options = options
    this.#history = history
    this.#ended = ended
  }

  /** Reads the history of earlier engines. A history that cannot be read is an empty one. */
  static async open(options: JobBookOptions): Promise<JobBook> {
    const history = options.historyFile === null ? null : new JobHistory(options.historyFile)
    return new JobBook(options, history, history === null ? [] : await history.load())
  }

  /** Begins a job and answers at once; `work` runs afterwards. Throws `cancelled` when the book is closed. */
  run(start: JobStart, work: (job: JobHandle) => Promise<JobResult>): Job {
    if (this.#closed) throw new MayflyError('cancelled', `“${start.title}” was not begun: the engine is ending.`, {})
    const id = makeRandomId() as JobId
    const abort = new AbortController()
    const job: Job = {
      id, kind: start.kind, title: start.title, machine: start.machine ?? null, state: 'running', stage: '',
      progress: null, bytesPerSecond: null, remainingSeconds: null, startedAt: new Date().toISOString(), endedAt: null, error: null, result: null,
    }
    const { promise: ended, resolve } = withResolver<Job>()
    const entry: Entry = { job, abort, ended, meter: new ProgressMeter(), lastToldMs: performance.now(), timer: null }
    this.#running.set(id, entry)
    this.#record(job)
    this.#options.onChange(job)
    queueMicrotask(() => void this.#carryOut(entry, work).then(resolve))
    return job
  }

  /** Jobs that run and the last two hundred that ended, newest first. */
  list(): Job[] {
    const jobs = [...this.#ended, ...[...this.#running.values()].map((entry) => entry.job)]
    return jobs.sort((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0))
  }

  /** Jobs that run now. */
  running(): Job[] {
    return [...this.#running.values()].map((entry) => entry.job)
  }

  /** One job by id or the beginning of its id. Throws `not-found`, also where several begin so. */
  get(ref: string): Job {
    const jobs = this.list()
    const exact = jobs.find((job) => job.id === ref)
    if (exact !== undefined) return exact
    const matching = ref === '' ? [] : jobs.filter((job) => job.id.startsWith(ref))
    const [only, another] = matching
    if (only === undefined) throw new MayflyError('not-found', `There is no job “${ref}”.`, { kind: 'job', ref })
    if (another !== undefined) {
      throw new MayflyError('not-found', `“${ref}” begins the ids of ${matching.length} jobs: ${matching.map((job) => job.id).join(', ')}.`, { kind: 'job', ref }, { next: 'Give more of the id.' })
    }
    return only
  }

  /** Resolves when the job has ended, however it ended. Throws `not-found`, or `cancelled` when `signal` aborts (the job goes on). */
  async wait(ref: string, signal?: AbortSignal): Promise<Job> {
    const job = this.get(ref)
    const entry = this.#running.get(job.id)
    if (entry === undefined) return job
    if (signal === undefined) return entry.ended
    const { promise: aborted, resolve } = withResolver<null>()
    const onAbort = (): void => resolve(null)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      const ended = await Promise.race([entry.ended, aborted])
      if (ended === null) throw new MayflyError('cancelled', `Nobody waits for “${job.title}” any more; it goes on.`, {})
      return ended
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Asks a running job to end, and answers at once. Throws `not-found`, or `conflict` where it has ended already. */
  cancel(ref: string): Job {
    const job = this.get(ref)
    const entry = this.#running.get(job.id)
    if (entry === undefined) throw new MayflyError('conflict', `“${job.title}” has ended already.`, { state: job.state, allowed: ['running'] })
    if (!entry.abort.signal.aborted) {
      this.#change(entry, { stage: 'Cancelling' })
      entry.abort.abort(new MayflyError('cancelled', `“${job.title}” was cancelled.`, {}))
    }
    return entry.job
  }

  /** Cancels what runs and resolves when all of it has ended and is remembered. No job can be begun afterwards. */
  async close(): Promise<void> {
    this.#closed = true
    const entries = [...this.#running.values()]
    for (const entry of entries) entry.abort.abort(new MayflyError('cancelled', `“${entry.job.title}” was cancelled: the engine is ending.`, {}))
    await Promise.all(entries.map((entry) => entry.ended))
    await this.#history?.flush()
  }

  async #carryOut(entry: Entry, work: (job: JobHandle) => Promise<JobResult>): Promise<Job> {
    let outcome: Pick<Job, 'state' | 'error' | 'result' | 'progress'>
    try {
      entry.abort.signal.throwIfAborted()
      const result = await work(this.#handle(entry))
      outcome = { state: 'done', error: null, result, progress: 1 }
    } catch (error) {
      outcome = { ...this.#describeFailure(entry, error), result: null, progress: entry.job.progress }
    }
    if (entry.timer !== null) clearTimeout(entry.timer)
    entry.job = { ...entry.job, ...outcome, bytesPerSecond: null, remainingSeconds: null, endedAt: new Date().toISOString() }
    this.#running.delete(entry.job.id)
    this.#ended.push(entry.job)
    if (this.#ended.length > keptEndedJobs) this.#ended = this.#ended.slice(-keptEndedJobs)
    this.#record(entry.job)
    this.#options.onChange(entry.job)
    return entry.job
  }

  #handle(entry: Entry): JobHandle {
    return {
      id: entry.job.id,
      signal: entry.abort.signal,
      stage: (text) => this.#change(entry, { stage: text }),
      progress: (done: number | null, totalBytes?: number) => {
        if (totalBytes === undefined || done === null) entry.meter.reportFraction(done)
        else entry.meter.reportBytes(done, totalBytes)
        this.#change(entry, entry.meter.read())
      },
    }
  }

  #change(entry: Entry, change: Partial<Job>): void {
    if (!this.#running.has(entry.job.id)) return
    entry.job = { ...entry.job, ...change }
    if (entry.timer !== null) return
    const waitMs = entry.lastToldMs + shortestBetweenChangesMs - performance.now()
    if (waitMs <= 0) {
      this.#tell(entry)
      return
    }
    entry.timer = setTimeout(() => {
      entry.timer = null
      this.#tell(entry)
    }, waitMs)
  }

  #tell(entry: Entry): void {
    entry.lastToldMs = performance.now()
    this.#options.onChange(entry.job)
  }

  #describeFailure(entry: Entry, error: unknown): Pick<Job, 'state' | 'error'> {
    const { title } = entry.job
    if (isMayflyError(error, 'cancelled')) return { state: 'cancelled', error: toErrorRecord(error) }
    if (isMayflyError(error)) return { state: 'failed', error: toErrorRecord(error) }
    // Node's own functions and many libraries throw an AbortError of their own when their signal aborts.
    if (entry.abort.signal.aborted && error instanceof Error && error.name === 'AbortError') {
      return { state: 'cancelled', error: toErrorRecord(new MayflyError('cancelled', `“${title}” was cancelled.`, {})) }
    }
    const reference = this.#options.reportBug(error, title)
    return { state: 'failed', error: toErrorRecord(new MayflyError('bug', `“${title}” failed for a reason Mayfly did not expect. The engine's log has it as ${reference}.`, { reference }, { cause: error })) }
  }

  #record(job: Job): void {
    this.#history?.record(job, () => [...this.#ended, ...this.running()])
  }
}

function withResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
