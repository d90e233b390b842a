/**
 * What main knows of the machines, for the tray and for notifications: a subscription like any
 * client's, taken up again when it ends. Runs on events alone; only while the engine is gone does
 * it look again from time to time.
 */
import type { EngineEvent } from '../../contract/event.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import { withEngine } from '../../hosts/page/engine-access.ts'
import type { EngineAccess } from '../../hosts/page/engine-access.ts'

const lookAgainMs = 2000

export interface MirrorListener {
  /** What is listed changed. */
  changed(): void
  /** One event, after the snapshot. */
  happened(event: EngineEvent): void
}

export class MachineMirror {
  readonly #machines = new Map<string, MachineSummary>()
  readonly #ended = new AbortController()
  readonly #engine: EngineAccess
  readonly #listener: MirrorListener

  constructor(engine: EngineAccess, listener: MirrorListener) {
    this.#engine = engine
    this.#listener = listener
    void this.#follow()
  }

  /** Machines that have a process, by name. */
  get running(): readonly MachineSummary[] {
    return [...this.#machines.values()].filter(({ state }) => hasProcess(state)).sort((a, b) => a.name.localeCompare(b.name))
  }

  find(id: string): MachineSummary | undefined {
    return this.#machines.get(id)
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
        if (!signal.aborted) await pause(lookAgainMs, signal)
      }
    }
  }

  #take(event: EngineEvent): void {
    switch (event.type) {
      case 'snapshot':
        this.#machines.clear()
        for (const machine of event.machines) this.#machines.set(machine.id, machine)
        break
      case 'machine.changed':
        this.#machines.set(event.machine.id, event.machine)
        break
      case 'machine.removed':
        this.#machines.delete(event.machine)
        break
      case 'machine.happened':
      case 'job.changed':
      case 'image.changed':
      case 'image.removed':
      case 'template.changed':
      case 'template.removed':
      case 'timeline.changed':
      case 'run.changed':
      case 'run.removed':
      case 'gap':
        break
    }
    if (event.type !== 'snapshot') this.#listener.happened(event)
    this.#listener.changed()
  }
}

function pause(forMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, forMs)
    signal.addEventListener('abort', end)
  })
}
