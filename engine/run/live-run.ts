/**
 * A run under way: its cells, a few at a time, and whoever owns it. Every change of a cell is told;
 * at the end every cell has an outcome.
 */
import { isMayflyError, MayflyError, toErrorRecord } from '../../contract/errors.ts'
import type { MachineId } from '../../contract/ids.ts'
import type { RunRequest } from '../../contract/procedures/run.ts'
import type { Run, RunCell } from '../../contract/run.ts'
import type { ExecSession } from '../guest/exec/exec-session.ts'
import type { LinuxSignal } from '../guest/exec/linux-signals.ts'
import { runCellNames, type RunFolderNames } from '../storage/names.ts'
import { type CellOutcome, carryOutCell } from './carry-out-cell.ts'
import { CellOutput } from './cell-output.ts'
import type { Hatchery } from './hatchery.ts'
import { OwnerStream } from './owner-stream.ts'

export interface LiveRunOptions {
  readonly run: Run
  readonly request: RunRequest
  readonly names: RunFolderNames
  readonly hatchery: Hatchery
  /** The archive of files each cell is given; null: none. */
  readonly archive: string | null
  readonly onChange: (run: Run) => void
  /** Puts a machine's id on record before the machine is made. */
  readonly recordMachine: (id: MachineId, cell: number) => Promise<void>
  readonly log: (line: string) => void
  readonly reportBug: (error: unknown, doing: string) => string
}

export class LiveRun {
  readonly #options: LiveRunOptions
  readonly #outputs = new Map<number, CellOutput>()
  readonly #sessions = new Map<number, ExecSession>()
  readonly #aborts = new Map<number, AbortController>()
  readonly #kept = new Set<number>()
  #run: Run
  #owner: OwnerStream | null = null
  #soleEnd: CellOutcome | null = null

  constructor(options: LiveRunOptions) {
    this.#options = options
    this.#run = options.run
    for (const cell of options.run.cells) {
      this.#aborts.set(cell.index, new AbortController())
      this.#outputs.set(cell.index, new CellOutput(runCellNames(options.names, cell.index).output, { isEnded: false }))
    }
  }

  get run(): Run {
    return this.#run
  }

  get #isSingle(): boolean {
    return this.#run.cells.length === 1
  }

  /** What a cell's command has written so far. */
  output(cell: number): CellOutput | undefined {
    return this.#outputs.get(cell)
  }

  /** The stream of whoever the run belongs to; to be asked for once, before `carryOut`. */
  own(): OwnerStream {
    this.#owner = new OwnerStream({
      single: this.#isSingle,
      onSignal: (signal) => this.#ownerSignals(signal),
      onBroken: () => this.cancel('Whoever started the run is gone.'),
    })
    return this.#owner
  }

  /** Passes a signal on to a cell's command. */
  signal(cell: number, signal: LinuxSignal): void {
    this.#sessions.get(cell)?.signal(signal)
  }

  /** Ends one cell, or all, and deletes their machines. */
  cancel(sentence: string, cell?: number): void {
    for (const [index, abort] of this.#aborts) {
      if (cell === undefined || cell === index) abort.abort(new MayflyError('cancelled', sentence, {}))
    }
  }

  /** The machine of a cell under way stays when its command has ended. */
  keep(cell: number): void {
    this.#kept.add(cell)
  }

  /** Changes what is told of a cell. */
  change(index: number, change: Partial<RunCell>): void {
    this.#run = { ...this.#run, cells: this.#run.cells.map((cell) => (cell.index === index ? { ...cell, ...change } : cell)) }
    this.#options.onChange(this.#run)
  }

  /** Carries all cells out. Never rejects. */
  async carryOut(): Promise<void> {
    const waiting = this.#run.cells.values()
    const worker = async (): Promise<void> => {
      for (const cell of waiting) await this.#carryOutCell(cell.index)
    }
    await Promise.all(Array.from({ length: Math.min(this.#run.parallel, this.#run.cells.length) }, worker))
    const states = this.#run.cells.map(({ state }) => state)
    const state = states.every((one) => one === 'passed') ? 'passed' : states.some((one) => one === 'failed' || one === 'timed-out') ? 'failed' : 'cancelled'
    this.#run = { ...this.#run, state, endedAt: new Date().toISOString() }
    this.#options.onChange(this.#run)
    this.#tellOwner(state === 'passed')
  }

  async #carryOutCell(index: number): Promise<void> {
    const { request, names, hatchery, archive, recordMachine, log, reportBug } = this.#options
    const output = this.#outputs.get(index)
    const abort = this.#aborts.get(index)
    const cell = this.#run.cells[index]
    if (output === undefined || abort === undefined || cell === undefined) return
    if (abort.signal.aborted) {
      await output.end()
      const reason: unknown = abort.signal.reason
      this.change(index, { state: 'cancelled', reason: isMayflyError(reason) ? reason.message : null })
      return
    }
    this.change(index, { state: 'starting', startedAt: new Date().toISOString() })
    let lastLine = ''
    try {
      const outcome = await carryOutCell(
        {
          machineName: `${this.#run.template.name.slice(0, 50)}-run-${this.#run.number}${this.#isSingle ? '' : `-${index + 1}`}`,
          template: this.#run.template.id,
          argv: request.argv,
          env: { ...request.env, ...cell.values },
          cwd: request.cwd,
          cpus: request.cpus,
          memoryMiB: request.memoryMiB,
          archive,
          copyOut: request.copyOut,
          timeoutSeconds: request.timeoutSeconds,
          keepOnFailure: request.keepOnFailure,
          names: runCellNames(names, index),
        },
        hatchery,
        output,
        {
          onMachine: (id) => recordMachine(id, index),
          onChange: (change) => this.change(index, change),
          onOutput: async (kind, chunk) => {
            await Promise.all([output.take(kind, chunk), this.#owner?.deliver(index, kind, chunk)])
            if (output.lastLine === lastLine) return
            lastLine = output.lastLine
            this.change(index, { lastLine })
          },
          onStarted: (session) => this.#connect(index, session),
          isToBeKept: () => this.#kept.has(index),
          log,
        },
        abort.signal,
      )
      this.#soleEnd = outcome
    } catch (error) {
      const reference = reportBug(error, `run ${this.#run.number}`)
      const bug = new MayflyError('bug', `The run failed for a reason Mayfly did not expect. The engine's log has it as ${reference}.`, { reference }, { cause: error })
      this.#soleEnd = { state: 'failed', exitStatus: null, signal: null, durationMs: null, reason: bug.message, error: toErrorRecord(bug) }
      await output.end()
      this.change(index, { state: 'failed', reason: bug.message, endedAt: new Date().toISOString() })
    } finally {
      this.#sessions.delete(index)
    }
  }

  #connect(index: number, session: ExecSession): boolean {
    this.#sessions.set(index, session)
    if (this.#owner === null || !this.#isSingle) return false
    this.#owner.feed(session)
    return true
  }

  /** The command's own signal where it alone is watched; of many, one that means "end" ends all. */
  #ownerSignals(signal: LinuxSignal): void {
    const session = this.#isSingle ? this.#sessions.get(0) : undefined
    if (session !== undefined) session.signal(signal)
    else if (signal === 'SIGINT' || signal === 'SIGTERM' || signal === 'SIGHUP' || signal === 'SIGQUIT') this.cancel(`It was ended by ${signal}.`)
  }

  #tellOwner(hasPassed: boolean): void {
    const end = this.#soleEnd
    if (!this.#isSingle) this.#owner?.finish({ kind: 'exit', exitStatus: hasPassed ? 0 : 1, signal: null })
    else if (end === null || end.error !== null) this.#owner?.finish({ kind: 'error', error: end?.error ?? toErrorRecord(new MayflyError('cancelled', this.#run.cells[0]?.reason ?? 'The run was cancelled.', {})) })
    else this.#owner?.finish({ kind: 'exit', exitStatus: end.exitStatus, signal: end.signal })
  }
}
