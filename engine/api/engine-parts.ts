/** What the procedures are carried out with. */
import type { EngineInfo } from '../../contract/host.ts'
import type { SnapshotBody } from '../events/event-hub.ts'
import type { Promised } from '../host/host-probe.ts'
import type { Lifetimes } from '../fork/lifetimes.ts'
import type { WarmPool } from '../fork/warm-pool.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import type { MetricsBook } from '../metrics/metrics-book.ts'
import type { Machines } from '../machine/machines.ts'
import type { RunBook } from '../run/run-book.ts'
import type { Templates } from '../template/templates.ts'

export interface EngineParts {
  readonly context: EngineContext
  readonly machines: Machines
  readonly lifetimes: Lifetimes
  readonly pool: WarmPool
  readonly metrics: MetricsBook
  readonly templates: Templates
  readonly runs: RunBook
  info(): EngineInfo
  /** What running machines have been promised. */
  promised(): Promised
  snapshot(): SnapshotBody
  /** Logs an error nobody expected and answers with the reference of its entry. */
  readonly reportBug: (error: unknown, doing: string) => string
  /** Tells the holder that somebody wants the engine to end. */
  requestShutdown(): void
}
