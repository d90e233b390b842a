/**
 * What main knows of the engine, for the tray, for notifications and for quitting: a subscription
 * like any client's, taken up again when it ends. Runs on events alone; only while the engine is
 * gone does it look again from time to time.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineEvent } from '../../contract/event.ts'
import type { Job } from '../../contract/job.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import type { Run } from '../../contract/run.ts'
import { withEngine } from '../../hosts/page/engine-access.ts'
import type { EngineAccess } from '../../hosts/page/engine-access.ts'
import { text } from '../../hosts/page/text/text.ts'

const lookAgainMs = 2000

/** Something that the engine does and that ends with it: a job, or a run. */
export interface Work {
  readonly title: string
  /** 0 to 1; null where nobody knows. */
  readonly progress: number | null
}

export interface MirrorListener {
  /** What is listed changed. */
  changed(): void
  /** One event, after the snapshot. */
  happened(event: EngineEvent): void
}

export class EngineMirror {
  readonly #machines = new Map<string, MachineSummary>()
  /** Those under way. */
  readonly #jobs = new Map<string, Job>()
  /** Those under way. */
  readonly #runs = new Map<string, Run>()
  readonly #ended = new AbortController()
  readonly #engine: EngineAccess
  readonly #listener: MirrorListener

  constructor(engine: EngineAccess, listener: MirrorListener) {
    this.#engine = engine
    this.#listener = listener
    void this.#follow()
  }

  /** Machines that have a process, by name. The forks of a run and a template that is being made belong to that work, and are not among them. */
  get running(): readonly MachineSummary[] {
    const ofRuns = new Set([...this.#runs.values()].flatMap(({ cells }) => cells.filter(({ keptUntil }) => keptUntil === null).map(({ machine }) => machine)))
    return [...this.#machines.values()].filter(({ id, role, state }) => hasProcess(state) && role === 'machine' && !ofRuns.has(id)).sort((a, b) => a.name.localeCompare(b.name))
  }

  /** Jobs and runs that are under way, the oldest first. */
  get work(): readonly Work[] {
    const runs = [...this.#runs.values()].map(({ number, template, cells, startedAt }) => ({ title: text.run(number, template.name), progress: cells.filter(({ endedAt }) => endedAt !== null).length / cells.length, startedAt }))
    return [...this.#jobs.values(), ...runs].sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1)).map(({ title, progress }) => ({ title, progress }))
  }

  close(): void {
    this.#ended.abort()
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ended
    while (!signal.aborted) {
      try {
        const events = await withEngine(this.#engine, ({ client }) => client.events.watch({}, { signal }))
        for await (const event of events) this.#take(event)
        if (!signal.aborted) this.#engine.doubt()
      } catch {
        this.#engine.doubt()
        await sleep(lookAgainMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  #take(event: EngineEvent): void {
    switch (event.type) {
      case 'snapshot':
        for (const known of [this.#machines, this.#jobs, this.#runs]) known.clear()
        for (const machine of event.machines) this.#machines.set(machine.id, machine)
        for (const job of event.jobs) this.#takeJob(job)
        for (const run of event.runs) this.#takeRun(run)
        break
      case 'machine.changed':
        this.#machines.set(event.machine.id, event.machine)
        break
      case 'machine.removed':
        this.#machines.delete(event.machine)
        break
      case 'job.changed':
        this.#takeJob(event.job)
        break
      case 'run.changed':
        this.#takeRun(event.run)
        break
      case 'run.removed':
        this.#runs.delete(event.run)
        break
      case 'machine.happened':
      case 'image.changed':
      case 'image.removed':
      case 'template.changed':
      case 'template.removed':
      case 'timeline.changed':
      case 'gap':
        break
    }
    if (event.type !== 'snapshot') this.#listener.happened(event)
    this.#listener.changed()
  }

  #takeJob(job: Job): void {
    if (job.state === 'running') this.#jobs.set(job.id, job)
    else this.#jobs.delete(job.id)
  }

  #takeRun(run: Run): void {
    if (run.state === 'running') this.#runs.set(run.id, run)
    else this.#runs.delete(run.id)
  }
}
