/**
 * All runs this engine knows: those under way and the latest that ended, each a folder with its
 * document and its evidence. What an engine that was killed left under way is on record as ended,
 * with the reason, and the machines it left are deleted.
 */
import { readFile, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { MayflyError } from '../../contract/errors.ts'
import type { MachineId, RunId } from '../../contract/ids.ts'
import type { RunRequest } from '../../contract/procedures/run.ts'
import type { Run, RunCell } from '../../contract/run.ts'
import type { StreamTicket } from '../../contract/stream.ts'
import { makeRandomId } from '../jobs/random-id.ts'
import { readTail } from '../logs/read-tail.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import { inParallel } from '../machine/in-parallel.ts'
import { takeScreenshot } from '../machine/screenshot.ts'
import { describeWriteFailure } from '../storage/atomic-file.ts'
import { runCellNames, runFolderNames, runUploadsFolder } from '../storage/names.ts'
import { AttachedStream } from './attached-stream.ts'
import { CellOutput, type OutputPiece } from './cell-output.ts'
import { type CopiedFiles, listCopiedFiles, openCopiedFile } from './copied-files.ts'
import { evidenceArchive } from './evidence.ts'
import type { Hatchery } from './hatchery.ts'
import { LiveRun } from './live-run.ts'
import type { OwnerStream } from './owner-stream.ts'
import { commandLineOf, planCells } from './plan-run.ts'
import { writeRun } from './run-document.ts'
import { settleInput, shareInput, takeUpload } from './run-input.ts'
import { chooseToRemove, makeRunFolder, readRuns, recordMachine } from './run-store.ts'
import { RunUploads } from './run-uploads.ts'
import { readableSide } from './readable-side.ts'

export interface RunStart extends RunRequest {
  readonly upload?: string | undefined
  readonly inputOf?: RunId | undefined
  readonly attached: boolean
}

export interface RunBookOptions {
  readonly context: EngineContext
  readonly hatchery: Hatchery
  readonly reportBug: (error: unknown, doing: string) => string
}

/** A little longer than a ticket is good for. */
const claimWithinMs = 35_000
const shortestBetweenEventsMs = 100
/** An event carries the whole run: one with many cells is told less often. */
const moreForEachCellMs = 1
/** A subscription begins with no more cells than this, whatever the number of runs. */
const mostCellsAtOnce = 2_000
const shortestBetweenWritesMs = 1_000

/** A run that an engine did not end may have left hundreds of machines, and nobody is answered before they are gone. */
const burialsAtOnce = 8

interface Live {
  readonly run: LiveRun
  readonly done: Promise<void>
}

export class RunBook {
  readonly #options: RunBookOptions
  readonly #runs = new Map<RunId, Run>()
  readonly #live = new Map<RunId, Live>()
  readonly #uploads: RunUploads
  /** What waits to be told or written, by run. */
  readonly #telling = new Map<RunId, NodeJS.Timeout>()
  readonly #writing = new Map<RunId, NodeJS.Timeout>()
  readonly #sizes = new Map<RunId, number>()
  #writes: Promise<void> = Promise.resolve()
  #orphans: readonly MachineId[] = []
  #isClosing = false

  private constructor(options: RunBookOptions) {
    this.#options = options
    this.#uploads = new RunUploads(runUploadsFolder(options.context.folders), options.context.streams)
  }

  /** Reads the runs of earlier engines. */
  static async open(options: RunBookOptions): Promise<RunBook> {
    const book = new RunBook(options)
    const { runs, orphans } = await readRuns(options.context.folders)
    for (const run of runs) book.#runs.set(run.id, run)
    book.#orphans = orphans
    return book
  }

  /** Deletes the machines that runs of an engine that was killed have left. To be called when machines are listed. */
  async buryOrphans(): Promise<void> {
    const kept = new Set([...this.#runs.values()].flatMap((run) => run.cells.map((cell) => cell.machine)))
    await inParallel(this.#orphans.filter((id) => !kept.has(id)), burialsAtOnce, (id) =>
      this.#options.hatchery.bury(id).catch((error: unknown) => this.#options.context.log(`${id} of a run could not be deleted: ${String(error)}`)),
    )
    this.#orphans = []
    for (const run of this.#runs.values()) for (const cell of run.cells) if (cell.machine !== null && this.#options.hatchery.find(cell.machine) === null) this.machineGone(cell.machine)
  }

  /** Runs under way. */
  get running(): readonly Run[] {
    return [...this.#live.values()].map(({ run }) => run.run)
  }

  /** The newest first, at most `limit`. */
  list(limit = 50): Run[] {
    return [...this.#runs.values()].sort((a, b) => b.number - a.number).slice(0, limit)
  }

  /** The newest, as many as a subscription can begin with. */
  recent(): Run[] {
    let cells = 0
    return this.list().filter((run, index) => (cells += run.cells.length) <= mostCellsAtOnce || index === 0)
  }

  /** Throws `not-found`. */
  get(id: RunId): Run {
    const run = this.#runs.get(id)
    if (run === undefined) throw new MayflyError('not-found', `There is no run ${id}.`, { kind: 'run', ref: id }, { next: 'mayfly runs shows them all.' })
    return run
  }

  /** Begins a run and answers at once. Throws `not-found`, `conflict`, `unsupported`, `invalid-input`, `no-space`. */
  async start(request: RunStart): Promise<{ run: Run; stream: StreamTicket | null }> {
    const { context, hatchery } = this.#options
    if (this.#isClosing) throw new MayflyError('cancelled', 'The run was not begun: the engine is ending.', {})
    const template = hatchery.check(request.template, request)
    const cells = planCells(request)
    if (request.upload !== undefined && request.inputOf !== undefined) throw new MayflyError('invalid-input', 'A run is given files, or those of an earlier run, not both.', { issues: [{ path: 'inputOf', message: 'Leave it out, or upload.' }] })
    const from = request.inputOf === undefined ? null : this.get(request.inputOf)
    const id = makeRandomId() as RunId
    let run: Run = {
      id,
      number: Math.max(0, ...[...this.#runs.values()].map((other) => other.number)) + 1,
      template: { id: template.id, name: template.name },
      argv: request.argv,
      commandLine: commandLineOf(request, template.name),
      matrix: request.matrix,
      count: request.count,
      parallel: Math.min(request.parallel ?? availableParallelism(), cells.length),
      timeoutSeconds: request.timeoutSeconds ?? null,
      keepOnFailure: request.keepOnFailure,
      input: null,
      state: 'running',
      startedAt: new Date().toISOString(),
      endedAt: null,
      cells,
    }
    this.#runs.set(id, run)
    const names = runFolderNames(context.folders, id)
    try {
      await makeRunFolder(context.folders, run)
      if (request.upload !== undefined) run = { ...run, input: await takeUpload(this.#uploads.take(request.upload), names.archive) }
      if (from !== null) run = { ...run, input: await shareInput(from, runFolderNames(context.folders, from.id).archive, names.archive) }
      this.#runs.set(id, run)
    } catch (error) {
      this.#runs.delete(id)
      await rm(names.folder, { recursive: true, force: true })
      throw await describeWriteFailure(names.run, error)
    }
    const live = new LiveRun({
      run,
      request,
      names,
      hatchery,
      archive: run.input === null ? null : names.archive,
      onChange: (changed) => this.#changed(changed),
      recordMachine: (machine, cell) => recordMachine(names.machines, machine, cell),
      log: context.log,
      reportBug: this.#options.reportBug,
    })
    const stream = request.attached ? this.#issueOwner(live) : null
    this.#live.set(id, { run: live, done: this.#carryOut(live, names.archive) })
    context.events.publish({ type: 'run.changed', run })
    return { run, stream }
  }

  /** Takes an archive of files for a run that is about to begin. Throws `no-space`. */
  upload(bytes: number): Promise<StreamTicket & { upload: string }> {
    return this.#uploads.begin(bytes)
  }

  /** A cell's command for somebody it does not depend on. Throws `not-found`. */
  attach(id: RunId, cell: number): StreamTicket {
    this.#cell(id, cell)
    return this.#options.context.streams.issue('exec', () =>
      new AttachedStream({
        output: this.#output(id, cell),
        onSignal: (signal) => this.#live.get(id)?.run.signal(cell, signal),
        outcome: () => this.#cell(id, cell),
        whenOver: this.#live.get(id)?.done ?? Promise.resolve(),
      }),
    )
  }

  /** What a cell's command wrote, and goes on to write. Throws `not-found`. */
  async *followOutput(id: RunId, cell: number, tailBytes: number, signal: AbortSignal | undefined): AsyncGenerator<OutputPiece, void, undefined> {
    this.#cell(id, cell)
    yield* this.#output(id, cell).follow(tailBytes, signal)
  }

  /** The end of a cell's serial log. Throws `not-found`. */
  async serial(id: RunId, cell: number, tailBytes: number): Promise<{ text: string; truncated: boolean }> {
    const { machine } = this.#cell(id, cell)
    const core = machine === null ? null : this.#options.hatchery.find(machine)
    return readTail(core?.names.serialLog ?? this.#cellNames(id, cell).serialLog, tailBytes)
  }

  /** PNG of a cell's screen: now, or as it was last. Throws `not-found`, `conflict` where there is none. */
  async screenshot(id: RunId, cell: number): Promise<Buffer> {
    const { machine, state } = this.#cell(id, cell)
    const core = machine === null ? null : this.#options.hatchery.find(machine)
    if (core !== null && core.state === 'running') return takeScreenshot(core)
    try {
      return await readFile(this.#cellNames(id, cell).screen)
    } catch (cause) {
      throw new MayflyError('conflict', 'There is no picture of its screen.', { state, allowed: ['running'] }, { cause })
    }
  }

  /** All evidence as a tar archive. Throws `not-found`, `conflict` while it is under way. */
  evidence(id: RunId): StreamTicket {
    const run = this.get(id)
    if (run.state === 'running') throw new MayflyError('conflict', `Run ${run.number} is under way; its evidence is there when it has ended.`, { state: 'running', allowed: ['passed', 'failed', 'cancelled'] })
    return this.#options.context.streams.issue('bytes', () => readableSide(evidenceArchive(run, runFolderNames(this.#options.context.folders, id))))
  }

  /** What was copied out of a cell's guest. Throws `not-found`. */
  async files(id: RunId, cell: number, limit: number): Promise<CopiedFiles> {
    this.#cell(id, cell)
    return listCopiedFiles(this.#cellNames(id, cell).files, limit)
  }

  /** One file of them. Throws `not-found`. */
  async file(id: RunId, cell: number, index: number): Promise<StreamTicket & { path: string; bytes: number }> {
    this.#cell(id, cell)
    const { path, bytes, content } = await openCopiedFile(this.#cellNames(id, cell).files, index)
    return { ...this.#options.context.streams.issue('bytes', () => readableSide(content)), path, bytes }
  }

  /** Ends a run, or one cell of it. One that has ended stays as it is. Throws `not-found`. */
  cancel(id: RunId, cell: number | undefined): Run {
    this.get(id)
    if (cell !== undefined) this.#cell(id, cell)
    this.#live.get(id)?.run.cancel('It was cancelled.', cell)
    return this.get(id)
  }

  /** The machine of a cell becomes an ordinary one. Throws `not-found`, `conflict` where it is gone. */
  async keep(id: RunId, index: number): Promise<Run> {
    const cell = this.#cell(id, index)
    const live = this.#live.get(id)?.run
    if (live !== undefined && (cell.state === 'waiting' || cell.state === 'starting' || cell.state === 'running')) {
      live.keep(index)
      return live.run
    }
    if (cell.machine === null) throw new MayflyError('conflict', 'The machine of this run is gone already.', { state: cell.state, allowed: ['running'] }, { next: 'Run it again with --keep-on-failure.' })
    await this.#options.hatchery.spare(cell.machine, null)
    this.#changeCell(id, index, { keptUntil: null })
    return this.get(id)
  }

  /** Forgets a run and removes its evidence; a machine of it that was kept stays. Throws `not-found`, `conflict` while it is under way. */
  async remove(id: RunId): Promise<{ id: RunId }> {
    const run = this.get(id)
    if (this.#live.has(id)) throw new MayflyError('conflict', `Run ${run.number} is under way.`, { state: 'running', allowed: ['passed', 'failed', 'cancelled'] }, { next: 'Cancel it first.' })
    await this.#forget(id)
    return { id }
  }

  /** A machine has left the list: no cell has it any more. */
  machineGone(machine: MachineId): void {
    for (const run of this.#runs.values()) {
      for (const cell of run.cells) if (cell.machine === machine && !this.#live.has(run.id)) this.#changeCell(run.id, cell.index, { machine: null, keptUntil: null })
    }
  }

  /** Ends what is under way and resolves when its machines are gone. */
  async close(): Promise<void> {
    this.#isClosing = true
    for (const { run } of this.#live.values()) run.cancel('The engine is ending.')
    await Promise.all([...this.#live.values()].map(({ done }) => done))
    for (const timer of [...this.#telling.values(), ...this.#writing.values()]) clearTimeout(timer)
    await this.#uploads.close()
    await this.#writes
  }

  async #carryOut(live: LiveRun, archive: string): Promise<void> {
    await live.carryOut()
    const { id } = live.run
    this.#live.delete(id)
    await settleInput(live.run, archive)
    await this.#write(id)
    await this.#keepWithinBounds()
  }

  #issueOwner(live: LiveRun): StreamTicket {
    const owner: OwnerStream = live.own()
    const unclaimed = setTimeout(() => owner.destroy(), claimWithinMs).unref()
    return this.#options.context.streams.issue('exec', () => {
      clearTimeout(unclaimed)
      return owner
    })
  }

  #changed(run: Run): void {
    const { id } = run
    this.#runs.set(id, run)
    const isOver = run.state !== 'running'
    if (isOver) this.#tell(id)
    else if (!this.#telling.has(id)) this.#telling.set(id, setTimeout(() => this.#tell(id), shortestBetweenEventsMs + run.cells.length * moreForEachCellMs).unref())
    if (!isOver && !this.#writing.has(id)) this.#writing.set(id, setTimeout(() => void this.#write(id), shortestBetweenWritesMs).unref())
  }

  #tell(id: RunId): void {
    clearTimeout(this.#telling.get(id))
    this.#telling.delete(id)
    const run = this.#runs.get(id)
    if (run !== undefined) this.#options.context.events.publish({ type: 'run.changed', run })
  }

  #write(id: RunId): Promise<void> {
    clearTimeout(this.#writing.get(id))
    this.#writing.delete(id)
    this.#writes = this.#writes.then(async () => {
      const run = this.#runs.get(id)
      if (run === undefined) return
      // A full disk costs the record, not the run.
      await writeRun(runFolderNames(this.#options.context.folders, id).run, run).catch((error: unknown) => this.#options.context.log(`Run ${run.number} is not on record: ${String(error)}`))
    })
    return this.#writes
  }

  #changeCell(id: RunId, index: number, change: Partial<RunCell>): void {
    const run = this.#runs.get(id)
    if (run === undefined) return
    this.#runs.set(id, { ...run, cells: run.cells.map((cell) => (cell.index === index ? { ...cell, ...change } : cell)) })
    this.#tell(id)
    void this.#write(id)
  }

  async #keepWithinBounds(): Promise<void> {
    for (const run of await chooseToRemove(this.#options.context.folders, this.list(Number.POSITIVE_INFINITY), this.#sizes)) if (!this.#live.has(run.id)) await this.#forget(run.id)
  }

  async #forget(id: RunId): Promise<void> {
    this.#runs.delete(id)
    this.#sizes.delete(id)
    this.#options.context.events.publish({ type: 'run.removed', run: id })
    await this.#writes
    await rm(runFolderNames(this.#options.context.folders, id).folder, { recursive: true, force: true })
  }

  #cell(id: RunId, index: number): RunCell {
    const run = this.get(id)
    const cell = run.cells[index]
    if (cell === undefined) throw new MayflyError('not-found', `Run ${run.number} has no cell ${index}.`, { kind: 'cell', ref: String(index) })
    return cell
  }

  #cellNames(id: RunId, cell: number): ReturnType<typeof runCellNames> {
    return runCellNames(runFolderNames(this.#options.context.folders, id), cell)
  }

  #output(id: RunId, cell: number): CellOutput {
    return this.#live.get(id)?.run.output(cell) ?? new CellOutput(this.#cellNames(id, cell).output, { isEnded: true })
  }
}
