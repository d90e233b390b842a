/**
 * One cell of a run from its machine's hatching to its deletion. Whatever happens in between, the cell
 * has an outcome, its evidence is kept as far as it can be had, and its machine is gone or
 * was kept on purpose.
 */
import { copyFile, link, rename, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { type ErrorRecord, isMayflyError, MayflyError, toErrorRecord } from '../../contract/errors.ts'
import type { MachineId } from '../../contract/ids.ts'
import type { RunCell } from '../../contract/run.ts'
import type { ExecSession } from '../guest/exec/exec-session.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { startInGuest } from '../machine/guest-commands.ts'
import { takeScreenshot } from '../machine/screenshot.ts'
import { describeWriteFailure, makePrivateFolder } from '../storage/atomic-file.ts'
import type { RunCellNames } from '../storage/names.ts'
import type { CellOutput, OutputKind } from './cell-output.ts'
import { copyIn } from './copy-in.ts'
import { copyOut } from './copy-out.ts'
import { type StallWatch, unlessAborted, watchForStall } from './guest-stall.ts'
import type { Hatchery } from './hatchery.ts'

/** A command whose time is over is asked to end, then killed, then left behind. */
const termGraceMs = 2_000
const killGraceMs = 5_000
/** How long a machine is kept that failed, where that was asked for. */
const keptForMs = 60 * 60_000

export interface CellTask {
  readonly machineName: string
  readonly template: MachineId
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string | undefined
  readonly cpus: number | undefined
  readonly memoryMiB: number | undefined
  /** The archive of files it is given; null: none. */
  readonly archive: string | null
  readonly copyOut: readonly string[]
  readonly timeoutSeconds: number | undefined
  readonly keepOnFailure: boolean
  readonly names: RunCellNames
}

/** Who watches the cell, and may take part. */
export interface CellWatcher {
  /** Before its machine is made; resolves when that is on record. */
  onMachine(id: MachineId): Promise<void>
  onChange(change: Partial<RunCell>): void
  /** What the command writes. Resolves when it may write more. */
  onOutput(kind: OutputKind, chunk: Buffer): Promise<void>
  /** The command runs: its input and signals may be connected. Answers whether its input is; else it ends at once. */
  onStarted(session: ExecSession): boolean
  /** Asked at the end: whether its machine stays, whatever came of the command. */
  isToBeKept(): boolean
  log(line: string): void
}

/** How a command ended; `error` where it was not by an exit status or a signal of its own. */
export interface CellOutcome extends Pick<RunCell, 'exitStatus' | 'signal' | 'durationMs' | 'reason'> {
  readonly state: 'passed' | 'failed' | 'timed-out' | 'cancelled'
  readonly error: ErrorRecord | null
}

/** Resolves when the cell is over and its machine settled. `signal` aborts with the reason as a MayflyError. */
export async function carryOutCell(task: CellTask, hatchery: Hatchery, output: CellOutput, watcher: CellWatcher, signal: AbortSignal): Promise<CellOutcome> {
  const notes: string[] = []
  let machine: MachineId | null = null
  let core: MachineCore | null = null
  let outcome: CellOutcome
  let watch: StallWatch | null = null
  try {
    await makePrivateFolder(task.names.folder)
    const hatched = await hatchery.hatch({ template: task.template, name: task.machineName, cpus: task.cpus, memoryMiB: task.memoryMiB }, async (id) => {
      machine = id
      await watcher.onMachine(id)
    }, signal)
    core = hatched.core
    watch = watchForStall(core)
    const alive = AbortSignal.any([signal, watch.signal])
    watcher.onChange({ machine: core.id, readyMs: hatched.readyMs })
    await keepSerialLog(core, task.names)
    if (task.archive !== null) await unlessAborted(copyIn(core, task.archive, alive), alive)
    outcome = await runCommand(core, task, watcher, notes, alive)
  } catch (error) {
    outcome = outcomeOfFailure(await describeWriteFailure(task.names.folder, error), watch === null ? signal : AbortSignal.any([signal, watch.signal]))
  } finally {
    watch?.forget()
  }
  const screen = core === null ? false : await gatherEvidence(core, task, outcome, notes, signal)
  await output.end()
  if (output.droppedBytes > 0) notes.push(`Of its output ${output.droppedBytes} bytes were not kept: there is room for 64 MiB.`)
  if (output.failure !== null) notes.push(`Not all of its output could be kept: ${output.failure.message}`)
  const kept = machine === null ? null : await settleMachine(machine, task, hatchery, outcome, watcher, notes)
  const { error: _error, ...shown } = outcome
  watcher.onChange({ ...shown, endedAt: new Date().toISOString(), hasScreenshot: screen, lastLine: output.lastLine, notes, machine: kept === null ? null : machine, keptUntil: kept?.until?.toISOString() ?? null })
  return outcome
}

async function runCommand(core: MachineCore, task: CellTask, watcher: CellWatcher, notes: string[], signal: AbortSignal): Promise<CellOutcome> {
  const { session, via, askedAtMs } = await unlessAborted(startInGuest(core, { machine: core.id, argv: [...task.argv], env: { ...task.env }, cwd: task.cwd }, signal), signal)
  watcher.onChange({ state: 'running' })
  if (via === 'agent') notes.push('Only the plain guest agent answers in this guest: its output came at the end.')
  if (!watcher.onStarted(session)) session.stdin.end()
  const ending = new Ending(session, task.timeoutSeconds, signal)
  const outputs = [pass(session.stdout, 'stdout', watcher), pass(session.stderr, 'stderr', watcher)]
  try {
    const exit = await ending.wait()
    await Promise.race([Promise.all(outputs), aborted(signal)])
    const durationMs = performance.now() - askedAtMs
    if (ending.isLate) return timedOut(task.timeoutSeconds ?? 0, durationMs, exit)
    return { state: exit.exitStatus === 0 ? 'passed' : 'failed', ...exit, durationMs, reason: null, error: null }
  } catch (error) {
    const durationMs = performance.now() - askedAtMs
    if (ending.isLate && !signal.aborted) return timedOut(task.timeoutSeconds ?? 0, durationMs, { exitStatus: null, signal: null })
    if (signal.aborted || !isMayflyError(error)) return { ...outcomeOfFailure(error, signal), durationMs }
    return { ...outcomeOfFailure(await endedEarly(core, error), signal), durationMs }
  } finally {
    ending.forget()
    for (const stream of [session.stdin, session.stdout, session.stderr]) stream.destroy()
  }
}

/** Waits for a command's end; ends it when its time is over. */
class Ending {
  readonly #session: ExecSession
  readonly #signal: AbortSignal
  readonly #timers: NodeJS.Timeout[] = []
  #giveUp: (error: MayflyError) => void = () => undefined
  readonly #givenUp: Promise<never>
  #isLate = false

  constructor(session: ExecSession, timeoutSeconds: number | undefined, signal: AbortSignal) {
    this.#session = session
    this.#signal = signal
    this.#givenUp = new Promise((_resolve, reject) => {
      this.#giveUp = reject
    })
    this.#givenUp.catch(() => undefined)
    if (timeoutSeconds !== undefined) this.#timers.push(setTimeout(() => this.#end(), timeoutSeconds * 1000))
  }

  get isLate(): boolean {
    return this.#isLate
  }

  async wait(): Promise<{ exitStatus: number | null; signal: string | null }> {
    return Promise.race([this.#session.exited, this.#givenUp, aborted(this.#signal)])
  }

  forget(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #end(): void {
    this.#isLate = true
    this.#session.signal('SIGTERM')
    this.#timers.push(
      setTimeout(() => this.#session.signal('SIGKILL'), termGraceMs),
      setTimeout(() => this.#giveUp(new MayflyError('timeout', 'The guest did not end the command.', { waitedMs: killGraceMs })), killGraceMs),
    )
  }
}

/** Rejects with the signal's reason. */
async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort')
  throw signal.reason
}

async function pass(source: Readable, kind: OutputKind, watcher: CellWatcher): Promise<void> {
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) await watcher.onOutput(kind, chunk)
  } catch {
    // A stream that breaks is the command's end, which its exit tells.
  }
}

function timedOut(seconds: number, durationMs: number, exit: { exitStatus: number | null; signal: string | null }): CellOutcome {
  const reason = `The command did not end within ${seconds} s and was ended.`
  return { state: 'timed-out', ...exit, durationMs, reason, error: toErrorRecord(new MayflyError('timeout', reason, { waitedMs: seconds * 1000 })) }
}

function outcomeOfFailure(error: unknown, signal: AbortSignal): CellOutcome {
  const cause: unknown = signal.aborted ? signal.reason : error
  if (!isMayflyError(cause)) throw error
  return { state: isMayflyError(cause, 'cancelled') ? 'cancelled' : 'failed', exitStatus: null, signal: null, durationMs: null, reason: cause.message, error: toErrorRecord(cause) }
}

/** The connection to the command broke: because the machine ended, or only its helper. */
async function endedEarly(core: MachineCore, error: MayflyError): Promise<MayflyError> {
  if (error.code !== 'qmp-interrupted' && error.code !== 'cancelled') return error
  // What ended it is known a moment after its connections broke.
  const ended = await new Promise<boolean>((resolve) => {
    const over = (): void => finish(true)
    const timer = setTimeout(() => finish(false), 2_000)
    const finish = (value: boolean): void => {
      clearTimeout(timer)
      core.endListeners.delete(over)
      resolve(value)
    }
    core.endListeners.add(over)
    if (core.live === null) over()
  })
  const sentence = ended ? `The machine ended before the command did. ${core.stored.lastExit?.sentence ?? ''}`.trim() : 'The guest restarted, or its helper ended, before the command did.'
  return new MayflyError('qmp-interrupted', sentence, { command: 'exec' }, { cause: error })
}

/** The log of its serial port outlives the machine's folder: it gets a second name, or is copied at the end. */
async function keepSerialLog(core: MachineCore, names: RunCellNames): Promise<void> {
  await link(core.names.serialLog, names.serialLog).catch(() => undefined)
}

/** Takes what is to be had of a machine whose command has ended. Answers whether there is a picture of its screen. */
async function gatherEvidence(core: MachineCore, task: CellTask, outcome: CellOutcome, notes: string[], signal: AbortSignal): Promise<boolean> {
  const isAlive = core.live !== null && core.state === 'running'
  const picture = async (): Promise<boolean> => {
    if (!(isAlive || core.state === 'paused') || core.live === null || core.run?.config.display.model === 'none') return false
    try {
      await writeFile(task.names.screen, await takeScreenshot(core), { mode: 0o600 })
      return true
    } catch {
      // It ended just then, or its screen cannot be had: then there is no picture.
      return false
    }
  }
  const files = async (): Promise<void> => {
    if (task.copyOut.length === 0 || outcome.state === 'cancelled') return
    if (!isAlive) notes.push(`No files could be copied out of the guest, for it had ${core.live === null ? 'ended' : 'stopped'}.`)
    else notes.push(...(await copyOut(core, task.copyOut, task.cwd, task.names.files, signal).catch(() => ['The files were not copied out: the run was cancelled.'])))
  }
  const [screen] = await Promise.all([picture(), files()])
  return screen
}

/** Deletes the machine, or keeps it. Answers until when it is kept; null: it is gone. */
async function settleMachine(machine: MachineId, task: CellTask, hatchery: Hatchery, outcome: CellOutcome, watcher: CellWatcher, notes: string[]): Promise<{ readonly until: Date | null } | null> {
  const failed = outcome.state === 'failed' || outcome.state === 'timed-out'
  const core = hatchery.find(machine)
  try {
    if (core !== null && core.live !== null && (watcher.isToBeKept() || (failed && task.keepOnFailure))) {
      const until = watcher.isToBeKept() ? null : new Date(Date.now() + keptForMs)
      await hatchery.spare(machine, until)
      await separateSerialLog(task.names)
      return { until }
    }
  } catch (error) {
    notes.push(`Its machine could not be kept. ${error instanceof Error ? error.message : ''}`.trim())
  }
  try {
    await hatchery.bury(machine)
  } catch (error) {
    watcher.log(`${machine} of a run could not be deleted: ${String(error)}`)
    notes.push(`Its machine could not be deleted. ${error instanceof Error ? error.message : ''}`.trim())
  }
  return null
}

/** A machine that lives on goes on writing to its log; the evidence is of now. */
async function separateSerialLog(names: RunCellNames): Promise<void> {
  const aside = `${names.serialLog}.now`
  await copyFile(names.serialLog, aside).then(() => rename(aside, names.serialLog)).catch(() => undefined)
}
