/**
 * Waits for a job and shows how far it is: a bar that is redrawn on a terminal, a line now and
 * then elsewhere, always on stderr. The first Ctrl-C asks the engine to cancel, the second leaves.
 */
import type { Job } from '../../contract/job.ts'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { type Io, tell } from './io.ts'
import { bytesShown, durationShown } from './quantities.ts'
import { safeLine } from './safe-text.ts'
import { terminalSize } from './style.ts'
import { cutMiddle } from './text-width.ts'

interface FollowOptions {
  /** `none`: nothing is shown. */
  readonly show: 'bar' | 'lines' | 'none'
}

/** The job as it ended. Throws `cancelled` where the user left it running. */
export async function followJob(client: EngineClient, begun: Job, io: Io, { show }: FollowOptions): Promise<Job> {
  if (begun.state !== 'running') return begun
  const ended = new AbortController()
  const progress = show === 'none' ? undefined : new Progress(io, show)
  let left: (error: unknown) => void = () => undefined
  const leaving = new Promise<never>((_, reject) => {
    left = reject
  })
  let interrupts = 0
  const interrupt = (): void => {
    interrupts++
    if (interrupts > 1) {
      left(new MayflyError('cancelled', `${begun.title}: left. The job may still run; see mayfly job show ${begun.id}.`, {}))
      return
    }
    progress?.clear()
    tell(io, 'Cancelling. Ctrl-C again leaves without waiting.')
    client.job.cancel({ job: begun.id }).catch((error: unknown) => {
      // It ended just then: the wait tells how.
      if (!isMayflyError(error, 'conflict')) left(error)
    })
  }
  process.on('SIGINT', interrupt)
  const shown = progress === undefined ? Promise.resolve() : showProgress(client, begun, progress, ended.signal)
  try {
    return await Promise.race([client.job.wait({ job: begun.id }, { signal: ended.signal }), leaving])
  } finally {
    process.off('SIGINT', interrupt)
    ended.abort()
    await shown
    progress?.clear()
  }
}

/** Never rejects: who waits for the job hears what is wrong. */
async function showProgress(client: EngineClient, begun: Job, progress: Progress, signal: AbortSignal): Promise<void> {
  progress.draw(begun)
  try {
    for await (const event of await client.events.watch({}, { signal })) {
      if (event.type === 'job.changed' && event.job.id === begun.id) progress.draw(event.job)
      if (signal.aborted) return
    }
  } catch {
    // Progress is an extra.
  }
}

const barColumns = 24
/** Between two lines where there is no terminal. */
const lineEveryMs = 5000

class Progress {
  readonly #io: Io
  readonly #show: 'bar' | 'lines'
  #drawn = false
  #lastStage = ''
  #lastLineAt = Number.NEGATIVE_INFINITY

  constructor(io: Io, show: 'bar' | 'lines') {
    this.#io = io
    this.#show = show
  }

  draw(job: Job): void {
    if (job.state !== 'running') return
    if (this.#show === 'bar') {
      this.#drawn = true
      this.#io.stderr.write(`\r\u{1b}[2K${cutMiddle(barLine(job), terminalSize(this.#io.stderr).columns - 1)}`)
      return
    }
    const now = performance.now()
    if (job.stage === '' || (job.stage === this.#lastStage && now - this.#lastLineAt < lineEveryMs)) return
    this.#lastStage = job.stage
    this.#lastLineAt = now
    tell(this.#io, `${safeLine(job.title)}: ${safeLine(job.stage)}${job.progress === null ? '' : `, ${Math.floor(job.progress * 100)} %`}`)
  }

  clear(): void {
    if (this.#drawn) this.#io.stderr.write('\r\u{1b}[2K')
    this.#drawn = false
  }
}

function barLine(job: Job): string {
  const filled = job.progress === null ? 0 : Math.round(job.progress * barColumns)
  const bar = job.progress === null ? '' : `${'█'.repeat(filled)}${'░'.repeat(barColumns - filled)} ${String(Math.floor(job.progress * 100)).padStart(3)} % `
  const speed = job.bytesPerSecond === null ? '' : `  ${bytesShown(job.bytesPerSecond)}/s`
  const rest = job.remainingSeconds === null ? '' : `  ${durationShown(job.remainingSeconds)} left`
  return `${bar}${safeLine(job.stage === '' ? job.title : job.stage)}${speed}${rest}`
}
