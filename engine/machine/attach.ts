/**
 * Takes over a QEMU that already runs: after an engine died, and after a monitor's connection
 * broke. A monitor greets one client at a time, so silence means "held by somebody else" or
 * "hangs", never "dead": the process itself says whether it lives.
 */
import { isMayflyError } from '../../contract/errors.ts'
import { findByArgument, hasArgument, hostBootId, identifyProcess, isAlive, type ProcessIdentity, signalProcess } from '../qemu/process/process-identity.ts'
import type { QmpClient } from '../qemu/qmp/qmp-client.ts'
import { BootWatch } from './boot-watch.ts'
import { settleEnd } from './end.ts'
import { connectMonitor, LiveMachine } from './live-machine.ts'
import type { MachineCore } from './machine-core.ts'
import { reconcile, silenceReason } from './reconcile.ts'
import { readPidFile } from './pid-file.ts'
import { watchLive } from './watch.ts'

const monitorPatienceMs = 3_000
const retryMs = 5_000
/** QEMU writes its pid file within its first hundred milliseconds; a loaded host may need far longer. */
const pidFileWithinMs = 10_000

/**
 * Finds out what became of the process that run.json names, and takes it over if it lives.
 * Runs in the machine's queue, once, when the engine starts.
 */
export async function adopt(core: MachineCore): Promise<void> {
  const { run } = core
  if (run === null) return
  if (core.state === 'broken') return
  const identity = run.bootId === hostBootId() ? await findProcess(core) : null
  if (identity === null) return settleEnd(core)
  // The process is recorded once the CPUs have been let go.
  const startUnfinished = run.process === null
  if (startUnfinished && run.fromState === true) {
    // Its state may not be loaded, or only in part; nobody could tell.
    signalProcess(identity, 'SIGKILL')
    core.endAsked = true
    return settleEnd(core)
  }
  if (startUnfinished) core.update({ run: { ...run, process: identity } })
  if (await reattach(core, startUnfinished)) core.happened('adopted', `${core.name} was found running.`)
}

/** The process of this run: as recorded, or, where the engine died while starting it, as QEMU's pid file says. */
async function findProcess(core: MachineCore): Promise<ProcessIdentity | null> {
  const recorded = core.run?.process ?? null
  if (recorded !== null) return isAlive(recorded) ? recorded : null
  const { pidFile } = core.runtime
  const deadline = performance.now() + pidFileWithinMs
  for (;;) {
    const written = await findByPidFile(pidFile)
    if (written !== null) return written
    // The engine may have died between the process and its pid file: what is just coming up must not be left to itself.
    const coming = findByArgument(pidFile)
    if (coming.length === 0) return null
    if (performance.now() > deadline) for (const process of coming) signalProcess(process, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The living QEMU that a pid file names. The number may by now be somebody else's; the path among its arguments is not. */
export async function findByPidFile(pidFile: string): Promise<ProcessIdentity | null> {
  const pid = await readPidFile(pidFile)
  return pid === null || !hasArgument(pid, pidFile) ? null : identifyProcess(pid)
}

/**
 * Connects to the monitor of the living process and takes its state over. Where that fails the
 * machine is `unknown` with the reason, and is tried again until it works or the process ends.
 * Runs in the machine's queue. True: taken over.
 */
export async function reattach(core: MachineCore, startUnfinished = false): Promise<boolean> {
  const identity = core.run?.process ?? null
  if (identity === null || !isAlive(identity)) {
    await settleEnd(core)
    return false
  }
  let qmp: QmpClient
  try {
    qmp = await connectMonitor(core.runtime, core.conversation, { timeoutMs: monitorPatienceMs, waitForSocket: false })
  } catch (error) {
    if (!isMayflyError(error)) throw error
    core.enter('unknown', { reason: silenceReason(identity, error.code) })
    retryLater(core, startUnfinished)
    return false
  }
  try {
    const { uuid } = core.stored.hardware ?? {}
    const answered = await qmp.execute('query-uuid', undefined, { timeoutMs: monitorPatienceMs })
    if (uuid !== undefined && answered.UUID !== uuid) {
      qmp.close()
      core.enter('unknown', { reason: 'Another machine answers on its monitor.' })
      retryLater(core, startUnfinished)
      return false
    }
    await takeOver(core, qmp, identity, startUnfinished)
  } catch (error) {
    // Whatever it was, nobody may be left with a machine that is never looked at again.
    if (core.live?.qmp === qmp) {
      core.live.detach()
      core.live = null
    }
    qmp.close()
    core.enter('unknown', { reason: isMayflyError(error) ? silenceReason(identity, error.code) : `It could not be taken over: ${String(error)}` })
    retryLater(core, startUnfinished)
    return false
  }
  if (startUnfinished) await recordProcess(core)
  return true
}

/** As `reattach`, in a life of the engine that is under way: what could not be settled while nobody answered is now. */
async function regain(core: MachineCore, startUnfinished = false): Promise<void> {
  if (await reattach(core, startUnfinished)) await core.context.answersAgain(core.id)
}

/** Writes run.json with the process in it. Without it the next engine finds the process by its pid file, so a failure is only logged. */
export async function recordProcess(core: MachineCore): Promise<void> {
  if (core.run === null) return
  await core.saveRun(core.run).catch((error: unknown) => core.context.log(`${core.id}: its process is not on record: ${String(error)}`))
}

/** Lets the CPUs of a QEMU that was just launched go. */
export async function letCpusGo(core: MachineCore, qmp: QmpClient): Promise<void> {
  await pullCables(core, qmp)
  await qmp.execute('cont')
}

/** argv cannot say that a cable is unplugged. */
export async function pullCables(core: MachineCore, qmp: QmpClient): Promise<void> {
  for (const nic of core.run?.config.nics ?? []) if (!nic.connected) await qmp.execute('set_link', { name: nic.id, up: false })
}

/** Makes a negotiated monitor the machine's own, and brings its state in line. `startUnfinished`: the engine that started it did not live to let its CPUs go. */
export async function takeOver(core: MachineCore, qmp: QmpClient, process: ProcessIdentity, startUnfinished = false): Promise<LiveMachine> {
  const live = new LiveMachine({
    process,
    names: core.names,
    runtime: core.runtime,
    qmp,
    boot: new BootWatch(core, startUnfinished || !(core.state === 'starting' || core.state === 'restoring') ? 'found' : core.run?.fromState === true ? 'resumed' : 'launch'),
    onAgent: (state) => {
      if (core.live !== live) return
      core.setAgent(state)
      if (state !== 'answering') return
      live.boot.agentAnswers()
      core.happened('agent-answers', `The guest agent of ${core.name} answers.`)
    },
  })
  core.live = live
  watchLive(core, live, regain)
  await live.open()
  core.setAgent('silent')
  if (startUnfinished) {
    const { status } = await qmp.execute('query-status', undefined, { timeoutMs: monitorPatienceMs })
    if (status === 'prelaunch') await letCpusGo(core, qmp)
  }
  if (core.state !== 'starting' && core.state !== 'restoring') {
    await live.lookAtPorts()
    await reconcile(core)
  }
  return live
}

function retryLater(core: MachineCore, startUnfinished: boolean): void {
  const timer = setTimeout(() => {
    core.queue
      .run(async () => {
        if (core.live === null && core.state === 'unknown') await regain(core, startUnfinished)
      })
      .catch((error: unknown) => core.context.log(`${core.id}: ${String(error)}`))
  }, retryMs)
  timer.unref()
}
