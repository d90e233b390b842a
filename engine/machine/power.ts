/** Starting and ending a guest, and everything in between that its power buttons do. */
import { rm } from 'node:fs/promises'
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import type { LastExit } from '../../contract/machine.ts'
import { hasProcess, statesAtRest } from '../../contract/machine-state.ts'
import { readJournal } from '../checkpoint/journal.ts'
import { repairFrozen } from '../checkpoint/repair-layers.ts'
import { hostBootId, isAlive, isHalted, type ProcessIdentity, signalProcess } from '../qemu/process/process-identity.ts'
import { findByPidFile, letCpusGo, pullCables, recordProcess, takeOver } from './attach.ts'
import { settleEnd } from './end.ts'
import { launch, type Launched, type LaunchPlan, loadState } from './launch.ts'
import type { LiveMachine } from './live-machine.ts'
import type { MachineCore } from './machine-core.ts'
import { monitorPatienceMs, observeQemu, reconcile, silenceReason } from './reconcile.ts'
import type { SavedPoint } from './saved-point.ts'

/** QEMU ends within milliseconds of `quit`; longer means that it hangs. */
const quitWithinMs = 5_000
/** How long who switches a machine off waits for what is under way with it. */
const turnWithinMs = 3_000
/** How often a guest that was asked to shut down is asked again. */
const pressAgainMs = 8_000

/** Starts a machine that is off. Resolves when its CPUs run, or with `pause` when they could. */
export function start(core: MachineCore, then: 'run' | 'pause' = 'run'): Promise<void> {
  return core.queue.run(async (signal) => {
    core.requireOrdinary('started')
    core.require('started', statesAtRest)
    await assertNotHalfRestored(core)
    await repairFrozen(core)
    const before = { state: core.state, reason: core.stateReason }
    core.endAsked = false
    core.enter('starting')
    let launched
    try {
      launched = await launch(core, signal)
    } catch (error) {
      if (isMayflyError(error, 'qemu-launch-failed')) {
        const exit: LastExit = { kind: 'launch-failed', sentence: error.message, exitStatus: error.details.exitCode, signal: error.details.signal, qemuTail: error.details.stderrTail, serialTail: '', at: new Date().toISOString() }
        await core.saveLastExit(exit).catch(() => core.update({ lastExit: exit }))
      }
      const state = before.state === 'crashed' ? 'crashed' : 'stopped'
      core.enter(state, { reason: isMayflyError(error) && error.code !== 'cancelled' ? error.message : before.reason })
      throw error
    }
    await settleIn(core, launched, then)
    core.happened('started', `${core.name} started.`)
  })
}

/**
 * Begins where a guest was when it was saved: launches QEMU, loads the state, and lets the CPUs go or
 * leaves them standing. Runs in the machine's queue, in state `starting` or `restoring`; `running`
 * or `paused` afterwards. After a failure of the launch no process is left and the state is the
 * caller's to settle; after a later one the machine is `stopped` or `crashed`. Throws what `start` throws.
 * `loaded`: waited for before the CPUs go, with the process on record.
 */
export async function beginFrom(core: MachineCore, signal: AbortSignal, from: SavedPoint, then: 'run' | 'pause', loaded: () => Promise<void>): Promise<void> {
  await settleIn(core, await launch(core, signal, from), then, { loaded })
}

/**
 * As `beginFrom`, for a guest that nobody has seen yet and that somebody waits for: its launch may be
 * planned already, or its QEMU wait for the state, and its CPUs go before the engine looks at its
 * ports. What it writes in that moment is in its logs all the same. Answers with the moment in which
 * they went, on the clock of `performance`.
 */
export async function beginFork(core: MachineCore, signal: AbortSignal, from: SavedPoint, then: 'run' | 'pause', ready: { readonly plan?: LaunchPlan | undefined; readonly waiting?: Launched | undefined }): Promise<number> {
  const { waiting } = ready
  if (waiting === undefined) return settleIn(core, await launch(core, signal, from, ready.plan), then, { atOnce: true })
  await loadState(core, waiting, from, signal)
  return settleIn(core, waiting, then, { atOnce: true })
}

/** From a QEMU that stands ready to a machine that is on record. Answers with the moment in which it could run. */
async function settleIn(core: MachineCore, launched: Launched, then: 'run' | 'pause', { atOnce = false, loaded }: { readonly atOnce?: boolean; readonly loaded?: () => Promise<void> } = {}): Promise<number> {
  if (core.run !== null) core.update({ run: { ...core.run, process: launched.process } })
  let wentAt = 0
  const go = async (): Promise<void> => {
    await (then === 'run' ? letCpusGo(core, launched.qmp) : pullCables(core, launched.qmp))
    wentAt = performance.now()
  }
  try {
    await allOf([...(atOnce ? [go()] : []), takeOver(core, launched.qmp, launched.process), ...(loaded === undefined ? [] : [recordProcess(core)])])
    await loaded?.()
    if (!atOnce) await go()
  } catch (error) {
    // Half a start is none. A QEMU that broke down by itself is told as the crash it is.
    core.endAsked = !isMayflyError(error, 'qmp-interrupted')
    await endProcess(core, launched.process)
    await settleEnd(core)
    throw error
  }
  if (loaded === undefined) await recordProcess(core)
  core.enter(then === 'run' ? 'running' : 'paused', { pausedBy: then === 'run' ? null : 'user' })
  return wentAt
}

/** Waits for all of them also where one fails. */
async function allOf(works: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(works)) if (outcome.status === 'rejected') throw outcome.reason
}

export interface StopOptions {
  readonly force: boolean
  readonly timeoutSeconds?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Ends a guest. Without force it is asked by its power button and given time; then the machine's
 * own setting decides between asking (`timeout`) and switching off.
 */
export async function stop(core: MachineCore, options: StopOptions): Promise<void> {
  if (core.startsAgain) await core.takeBackRestart()
  return endGuest(core, options)
}

/** As `stop`, for a machine that is to be started again. */
export async function endGuest(core: MachineCore, options: StopOptions): Promise<void> {
  if (options.force) return switchOff(core)
  const config = core.state === 'broken' ? null : core.config
  const timeoutSeconds = options.timeoutSeconds ?? config?.stop.timeoutSeconds ?? 60
  const ended = await core.queue.run(async () => {
    await pressPowerButton(core)
    return nextEnd(core)
  })
  // Somebody who no longer waits has asked all the same: the time still runs out, and the setting still decides.
  const outcome = superviseShutdown(core, ended, timeoutSeconds, config?.stop.onTimeout ?? 'ask')
  await untilAborted(outcome, options.signal, `Nobody waits for ${core.name} any more. Its guest was asked to shut down.`)
}

interface AwaitedEnd {
  readonly settled: Promise<void>
  forget(): void
}

/** The next end of the machine's process. */
function nextEnd(core: MachineCore): AwaitedEnd {
  let forget = (): void => undefined
  const settled = new Promise<void>((resolve) => {
    core.endListeners.add(resolve)
    forget = () => core.endListeners.delete(resolve)
  })
  return { settled, forget }
}

async function superviseShutdown(core: MachineCore, ended: AwaitedEnd, timeoutSeconds: number, onTimeout: 'ask' | 'force'): Promise<void> {
  // A guest that has only begun to boot hears nothing; one that shuts down ignores another press.
  const presser = setInterval(() => void core.queue.run(() => pressAgain(core)).catch((error: unknown) => core.context.log(`${core.id}: ${String(error)}`)), pressAgainMs)
  const inTime = await settlesWithin(ended.settled, timeoutSeconds * 1000, core.queue.closing)
  clearInterval(presser)
  ended.forget()
  if (inTime) return
  if (onTimeout === 'force' && !core.queue.closing.aborted) return switchOff(core)
  await core.queue.run(async () => {
    core.endAsked = false
    if (core.state !== 'stopping' || core.live === null) return
    const observed = await observeQemu(core.live.qmp)
    core.enter(observed.state, { pausedBy: observed.pausedBy, reason: `The guest was asked to shut down and had not after ${timeoutSeconds} s.` })
  })
  if (!hasProcess(core.state)) return
  throw new MayflyError('timeout', `${core.name} did not shut down within ${timeoutSeconds} s. It goes on running.`, { waitedMs: timeoutSeconds * 1000 }, { next: `Wait longer, or switch it off: mayfly stop --force ${core.commandWord}` })
}

async function pressPowerButton(core: MachineCore): Promise<void> {
  core.require('stopped', ['running', 'paused', 'stopping'])
  if (core.state === 'paused') {
    if (core.pausedBy === 'guest-sleep') await command(core, 'system_wakeup')
    else if (core.pausedBy === 'user') await command(core, 'cont')
    else throw new MayflyError('conflict', `${core.name} cannot shut down by itself: ${core.stateReason ?? 'its CPUs stand still'}`, { state: 'paused', allowed: ['running'] }, { next: `Switch it off: mayfly stop --force ${core.commandWord}` })
  }
  await command(core, 'system_powerdown')
  core.endAsked = true
  core.enter('stopping', { reason: 'The guest was asked to shut down.' })
}

async function pressAgain(core: MachineCore): Promise<void> {
  if (core.state === 'stopping' && core.live !== null) await core.live.qmp.execute('system_powerdown')
}

/** Pulls the plug. Interrupts a start that is under way; returns when the process is gone and its end on record. */
export async function switchOff(core: MachineCore): Promise<void> {
  if (core.state === 'broken') return core.queue.run(() => endBroken(core))
  if (core.state === 'starting') core.queue.interrupt(new MayflyError('cancelled', `${core.name} was switched off while it started.`, {}))
  await whateverIsUnderWay(core, turnWithinMs, async () => {
    if (!hasProcess(core.state)) return
    core.require('switched off', ['running', 'paused', 'starting', 'stopping', 'saving', 'restoring', 'unknown'])
    await pullPlug(core)
  })
}

/**
 * Runs `work`, which is the end of the machine's process, in its queue. What is under way gets so long to come to its end.
 * Then the process is ended under it, for it may wait for a QEMU that stands still: it fails, and what it has begun is undone
 * as after any failure.
 */
export async function whateverIsUnderWay<T>(core: MachineCore, patienceMs: number, work: () => Promise<T>): Promise<T> {
  let ending: Promise<void> | null = null
  const ender = setInterval(() => {
    core.queue.interrupt(new MayflyError('cancelled', `${core.name} was switched off meanwhile.`, {}))
    const process = core.run?.process ?? core.live?.process ?? null
    if (process === null || ending !== null || !hasProcess(core.state)) return
    core.endAsked = true
    ending = endProcess(core, process)
      .catch((error: unknown) => core.context.log(`${core.id}: ${String(error)}`))
      .finally(() => {
        ending = null
      })
  }, patienceMs)
  try {
    return await core.queue.run(() => {
      clearInterval(ender)
      return work()
    })
  } finally {
    clearInterval(ender)
  }
}

/** A restore that could be neither finished nor undone has left parts of two moments. */
async function assertNotHalfRestored(core: MachineCore): Promise<void> {
  if ((await readJournal(core.names))?.act !== 'restore') return
  throw new MayflyError('conflict', `${core.name} cannot be started: it was being taken back to a checkpoint, and that was interrupted.`, { state: core.state, allowed: [...statesAtRest] }, { next: `Restore a checkpoint: mayfly checkpoint restore ${core.commandWord} CHECKPOINT` })
}

/** Ends the process of a machine and puts that on record. Runs in the machine's queue. `toGoOn`: it is only to begin elsewhere. */
export async function pullPlug(core: MachineCore, toGoOn = false): Promise<void> {
  const process = core.run?.process ?? core.live?.process ?? null
  core.endAsked = true
  if (process !== null) await endProcess(core, process)
  await settleEnd(core, toGoOn)
}

/** Nothing of a broken machine can be taken for granted, but its process, where one lives, is found by its pid file. Its files stay as they are. */
async function endBroken(core: MachineCore): Promise<void> {
  const process = await processOfBroken(core)
  if (process === null) return
  await endProcess(core, process)
  await rm(core.runtime.folder, { recursive: true, force: true })
}

/** The QEMU that still runs although its machine's files cannot be used. */
export async function processOfBroken(core: MachineCore): Promise<ProcessIdentity | null> {
  const recorded = core.run?.process ?? null
  if (recorded !== null && core.run?.bootId === hostBootId() && isAlive(recorded)) return recorded
  return findByPidFile(core.runtime.pidFile)
}

async function endProcess(core: MachineCore, process: ProcessIdentity): Promise<void> {
  const live: LiveMachine | null = core.live
  // One that hangs would not hear it.
  if (live !== null && core.state !== 'unknown' && !isHalted(process)) {
    // The answer may be lost with the process; only its end counts.
    const heard = await live.qmp.execute('quit', undefined, { timeoutMs: quitWithinMs }).then(() => true, (error: unknown) => !isMayflyError(error, 'timeout'))
    if (heard && (await diesWithin(process, quitWithinMs))) return
  }
  signalProcess(process, 'SIGKILL')
  if (await diesWithin(process, quitWithinMs)) return
  throw new MayflyError('timeout', `QEMU of ${core.name} (process ${process.pid}) cannot be ended; the host keeps it in the kernel.`, { waitedMs: quitWithinMs }, { next: 'Look at the host\'s disks and at dmesg.' })
}

async function diesWithin(process: ProcessIdentity, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms
  while (isAlive(process)) {
    if (performance.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return true
}

/** Presses one of QEMU's buttons. Throws `timeout` where its monitor is silent; the machine is `unknown` from then on. */
async function command(core: MachineCore, name: 'stop' | 'cont' | 'system_wakeup' | 'system_powerdown' | 'system_reset'): Promise<void> {
  const { qmp, process } = liveOf(core)
  try {
    await qmp.execute(name, undefined, { timeoutMs: monitorPatienceMs })
  } catch (error) {
    if (!isMayflyError(error, 'timeout') || !isAlive(process)) throw error
    const reason = silenceReason(process, error.code)
    core.enter('unknown', { reason })
    throw new MayflyError('timeout', `${core.name} does not react. ${reason}`, error.details, { cause: error, next: `Wait until it answers again, or switch it off: mayfly stop --force ${core.commandWord}` })
  }
}

/** Stops the guest's CPUs. */
export function pause(core: MachineCore): Promise<void> {
  return core.queue.run(async () => {
    core.require('paused', ['running'])
    await command(core, 'stop')
    core.enter('paused', { pausedBy: 'user' })
  })
}

/** Lets the guest's CPUs go on. A guest that cannot go on says why. */
export function resume(core: MachineCore): Promise<void> {
  return core.queue.run(async () => {
    core.require('resumed', ['paused'])
    switch (core.pausedBy) {
      case 'guest-sleep':
        await command(core, 'system_wakeup')
        break
      case 'internal-error':
      case 'guest-panic':
        throw new MayflyError('conflict', `${core.name} cannot go on: ${core.stateReason ?? ''}`, { state: 'paused', allowed: [] }, { next: `Reset it: mayfly reset ${core.commandWord}` })
      default:
        await command(core, 'cont')
    }
    await reconcile(core)
  })
}

/** The reset button. A guest whose CPUs stood still goes on from its firmware. */
export function reset(core: MachineCore): Promise<void> {
  return core.queue.run(async () => {
    core.require('reset', ['running', 'paused'])
    await command(core, 'system_reset')
    if (core.state === 'paused') await command(core, 'cont')
    await reconcile(core)
  })
}

/** QEMU's side of a machine that has a process. Throws `conflict` where its monitor is not ours just now. */
export function liveOf(core: MachineCore): LiveMachine {
  if (core.live !== null) return core.live
  throw new MayflyError('conflict', `${core.name} cannot be reached: ${core.stateReason ?? 'its monitor does not answer'}`, { state: core.state, allowed: ['running'] }, { next: `Try again, or switch it off: mayfly stop --force ${core.commandWord}` })
}

/** As `promise`, but throws `cancelled` once `signal` aborts; the work goes on. */
export async function untilAborted(promise: Promise<void>, signal: AbortSignal | undefined, sentence: string): Promise<void> {
  let leave = (): void => undefined
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => reject(new MayflyError('cancelled', sentence, {}))
  })
  signal?.addEventListener('abort', leave)
  if (signal?.aborted === true) leave()
  try {
    await Promise.race([promise, left])
  } finally {
    signal?.removeEventListener('abort', leave)
  }
}

/** True where `promise` resolves in time; false after `ms` or on abort. */
async function settlesWithin(promise: Promise<void>, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (settled: boolean): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      resolve(settled)
    }
    const abort = (): void => finish(false)
    const timer = setTimeout(() => finish(false), ms)
    signal?.addEventListener('abort', abort)
    void promise.then(() => finish(true))
  })
}
