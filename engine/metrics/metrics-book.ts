/**
 * Samples all running machines: once a second while somebody watches, else every ten seconds so
 * that a graph has a past when it is opened. Nothing runs while no machine does.
 */
import type { MachineId } from '../../contract/ids.ts'
import type { MachineMetrics, MetricsSample } from '../../contract/metrics.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { MachineMeter } from './machine-meter.ts'

const watchedMs = 1_000
const unwatchedMs = 10_000
/** Fifteen minutes at one a second. */
const mostSamples = 900
const rememberedMs = 15 * 60 * 1000

export type HistoryEntry = Omit<MachineMetrics, 'machine'> & { at: string }

export class MetricsBook {
  readonly #machines: () => readonly MachineCore[]
  readonly #log: (line: string) => void
  readonly #meters = new Map<MachineId, MachineMeter>()
  readonly #history = new Map<MachineId, { atMs: number; entry: HistoryEntry }[]>()
  readonly #watchers = new Set<(sample: MetricsSample) => void>()
  #timer: NodeJS.Timeout | null = null
  #isSampling = false
  #isClosed = false

  constructor(machines: () => readonly MachineCore[], log: (line: string) => void) {
    this.#machines = machines
    this.#log = log
    this.#schedule()
  }

  /** Samples as they are taken, the first at once. A reader that is slow misses samples; there is nothing to catch up on. */
  async *watch(signal: AbortSignal | undefined): AsyncGenerator<MetricsSample, void, undefined> {
    let newest: MetricsSample | null = null
    let wake: () => void = () => undefined
    const listener = (sample: MetricsSample): void => {
      newest = sample
      wake()
    }
    const onAbort = (): void => wake()
    this.#watchers.add(listener)
    signal?.addEventListener('abort', onAbort)
    try {
      this.#schedule(0)
      while (signal?.aborted !== true && !this.#isClosed) {
        const sample: MetricsSample | null = newest
        newest = null
        if (sample !== null) {
          yield sample
          continue
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#watchers.delete(listener)
    }
  }

  /** What was measured of a machine in the last fifteen minutes, oldest first. */
  history(machine: MachineId): HistoryEntry[] {
    return (this.#history.get(machine) ?? []).map(({ entry }) => entry)
  }

  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    for (const listener of this.#watchers) listener({ at: new Date().toISOString(), machines: [] })
  }

  #schedule(inMs = this.#watchers.size > 0 ? watchedMs : unwatchedMs): void {
    if (this.#isClosed) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#tick(), inMs).unref()
  }

  async #tick(): Promise<void> {
    if (this.#isSampling) return
    this.#isSampling = true
    try {
      const sample = await this.#sample()
      for (const listener of this.#watchers) listener(sample)
    } catch (error) {
      this.#log(`Machines could not be measured: ${String(error)}`)
    } finally {
      this.#isSampling = false
      this.#schedule()
    }
  }

  async #sample(): Promise<MetricsSample> {
    const running = this.#machines().filter((core) => core.live !== null && core.state !== 'unknown' && core.state !== 'starting')
    const present = new Set(running.map((core) => core.id))
    for (const id of this.#meters.keys()) if (!present.has(id)) this.#meters.delete(id)
    const at = new Date().toISOString()
    const atMs = performance.now()
    const known = new Set(this.#machines().map((core) => core.id))
    for (const id of this.#history.keys()) if (!known.has(id)) this.#history.delete(id)
    const taken = await Promise.all(running.flatMap((core) => this.#meterOf(core)?.sample(core) ?? []))
    for (const { machine, ...values } of taken) {
      const past = (this.#history.get(machine) ?? []).filter((one) => atMs - one.atMs < rememberedMs).slice(-(mostSamples - 1))
      past.push({ atMs, entry: { at, ...values } })
      this.#history.set(machine, past)
    }
    return { at, machines: taken }
  }

  #meterOf(core: MachineCore): MachineMeter | null {
    const { live } = core
    if (live === null) return null
    const known = this.#meters.get(core.id)
    if (known?.live === live) return known
    const meter = new MachineMeter(live)
    this.#meters.set(core.id, meter)
    return meter
  }
}
