/**
 * Runs QEMU's job commands right. They answer at once and fail later, their events may come
 * before their answer, and only `query-jobs` knows the error: so the id is listened for
 * first, the job is waited for until it is `concluded`, read, and dismissed.
 * https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html#background-jobs
 */
import { MayflyError, isMayflyError } from '../../../contract/errors.ts'
import type { QmpArguments, QmpClient, QmpExecuteParameters } from './qmp-client.ts'
import type { JobInfo, JobStatus } from './qmp.generated.ts'

/** Jobs of the block layer; told to stay after their end, or their error would be lost. */
type BlockJobCommand = 'block-commit' | 'block-stream' | 'blockdev-backup' | 'blockdev-mirror'
type PlainJobCommand = 'blockdev-create' | 'snapshot-save' | 'snapshot-load' | 'snapshot-delete'
export type QmpJobCommand = BlockJobCommand | PlainJobCommand

/** The command's own arguments; this module gives the id and how the job ends. */
export type QmpJobArguments<C extends QmpJobCommand> = Omit<QmpArguments<C>, 'job-id' | 'auto-finalize' | 'auto-dismiss'>

export interface QmpJobProgress {
  readonly current: number
  readonly total: number
}

export interface QmpJobOptions {
  /** Cancels the job; the promise settles when QEMU has ended it. */
  readonly signal?: AbortSignal
  /** Called about twice a second while the job runs, and once at its end. Units depend on the job (bytes for block jobs). */
  readonly onProgress?: (progress: QmpJobProgress) => void
}

const progressIntervalMs = 500

const blockJobCommands: Readonly<Record<QmpJobCommand, boolean>> = {
  'block-commit': true,
  'block-stream': true,
  'blockdev-backup': true,
  'blockdev-mirror': true,
  'blockdev-create': false,
  'snapshot-save': false,
  'snapshot-load': false,
  'snapshot-delete': false,
}

/**
 * Runs one job to its end. `jobId` must be free in this QEMU. A job that becomes ready
 * (mirror, commit of the active layer) is told to complete.
 *
 * @throws MayflyError 'qmp-failed' when QEMU refuses the command (its class) or the job fails
 * (class `JobFailed`), 'cancelled' after `signal`, 'qmp-interrupted' when the connection ends
 * meanwhile: then the job may still run.
 */
export async function runQmpJob<C extends QmpJobCommand>(
  client: QmpClient,
  jobId: string,
  command: C,
  commandArguments: QmpJobArguments<C>,
  { signal, onProgress }: QmpJobOptions = {},
): Promise<void> {
  if (signal?.aborted === true) throw cancelled(command)
  const watch = watchJob(client, jobId)
  try {
    await client.execute(command, ...startParameters(command, jobId, commandArguments))
    const steering = steerJob(client, jobId, watch, signal, onProgress)
    try {
      await watch.reached('concluded')
    } finally {
      steering.stop()
    }
    await readAndDismiss(client, jobId, command, steering.isCancelled(), onProgress)
  } finally {
    watch.stop()
  }
}

const endsWithinMs = 20_000
const looksEveryMs = 20

/** Ends a job that another engine left in this QEMU, whether it runs or waits to be dismissed. None of the name: nothing to do. Throws `timeout` where it does not end. */
export async function endQmpJob(client: QmpClient, jobId: string): Promise<void> {
  for (const deadline = performance.now() + endsWithinMs; ; ) {
    const job = await findJob(client, jobId)
    if (job === undefined) return
    if (job.status === 'concluded') {
      await client.execute('job-dismiss', { id: jobId })
      return
    }
    if (performance.now() > deadline) throw new MayflyError('timeout', `QEMU does not end its job ${jobId}.`, { waitedMs: endsWithinMs })
    await client.execute('job-cancel', { id: jobId }).catch((error: unknown) => {
      if (!isMayflyError(error, 'qmp-failed')) throw error
    })
    await new Promise((resolve) => setTimeout(resolve, looksEveryMs))
  }
}

/** The arguments with what every job command of its kind needs, and no deadline: some of these commands drain the disk before they answer. */
function startParameters<C extends QmpJobCommand>(command: C, jobId: string, given: QmpJobArguments<C>): QmpExecuteParameters<C> {
  const ends = blockJobCommands[command] ? { 'auto-finalize': true, 'auto-dismiss': false } : {}
  // QmpJobArguments is defined so that these parts make the whole, which the compiler cannot follow for a generic command.
  return [{ ...given, 'job-id': jobId, ...ends }, { timeoutMs: null }] as unknown as QmpExecuteParameters<C>
}

interface JobWatch {
  /** Settles when the job has been in this state; rejects when the connection ends. */
  reached(status: JobStatus): Promise<void>
  onStatus(listener: (status: JobStatus) => void): void
  stop(): void
}

function watchJob(client: QmpClient, jobId: string): JobWatch {
  const seen = new Set<JobStatus>()
  const listeners = new Set<(status: JobStatus) => void>()
  const stop = client.on('JOB_STATUS_CHANGE', ({ data }) => {
    if (data.id !== jobId) return
    seen.add(data.status)
    for (const listener of [...listeners]) listener(data.status)
  })
  return {
    stop,
    onStatus(listener) {
      listeners.add(listener)
      for (const status of seen) listener(status)
    },
    reached(status) {
      return new Promise((resolve, reject) => {
        listeners.add((reached) => {
          if (reached === status) resolve()
        })
        if (seen.has(status)) resolve()
        void client.closed.then(() => reject(new MayflyError('qmp-interrupted', `The connection to QEMU ended during its job ${jobId}; how it ended is not known.`, { command: jobId })))
      })
    },
  }
}

/** Passes cancellation on, completes a job that is ready, and asks for progress while it runs. */
function steerJob(client: QmpClient, jobId: string, watch: JobWatch, signal: AbortSignal | undefined, onProgress: QmpJobOptions['onProgress']): { stop(): void; isCancelled(): boolean } {
  let isCancelled = false
  let isStopped = false
  // Both lose the race against a job that ends by itself; its end says all there is to say.
  const cancel = (): void => {
    isCancelled = true
    client.execute('job-cancel', { id: jobId }).catch(ignoreExpected)
  }
  watch.onStatus((status) => {
    if (status === 'ready' && !isCancelled) client.execute('job-complete', { id: jobId }).catch(ignoreExpected)
  })
  signal?.addEventListener('abort', cancel)
  if (signal?.aborted === true) cancel()

  const report = async (): Promise<void> => {
    const job = await findJob(client, jobId)
    if (job !== undefined && !isStopped) onProgress?.({ current: job['current-progress'], total: job['total-progress'] })
  }
  const timer = onProgress === undefined ? undefined : setInterval(() => void report().catch(ignoreExpected), progressIntervalMs)
  return {
    isCancelled: () => isCancelled,
    stop: () => {
      isStopped = true
      clearInterval(timer)
      signal?.removeEventListener('abort', cancel)
    },
  }
}

async function readAndDismiss(client: QmpClient, jobId: string, command: QmpJobCommand, wasCancelled: boolean, onProgress: QmpJobOptions['onProgress']): Promise<void> {
  const job = await findJob(client, jobId)
  await client.execute('job-dismiss', { id: jobId })
  if (job?.error === undefined) return onProgress?.({ current: job?.['total-progress'] ?? 0, total: job?.['total-progress'] ?? 0 })
  if (wasCancelled) throw cancelled(command)
  throw new MayflyError('qmp-failed', `QEMU's job ${command} failed: ${job.error}`, { command, qmpClass: 'JobFailed', description: job.error })
}

async function findJob(client: QmpClient, jobId: string): Promise<JobInfo | undefined> {
  return (await client.execute('query-jobs')).find((job) => job.id === jobId)
}

function cancelled(command: QmpJobCommand): MayflyError<'cancelled'> {
  return new MayflyError('cancelled', `QEMU's job ${command} was cancelled.`, {})
}

function ignoreExpected(error: unknown): void {
  if (!isMayflyError(error)) throw error
}
