/**
 * Takes over a QEMU that already runs: after an engine died, and after a monitor's connection
 * broke. A monitor greets one client at a time, so silence means "held by somebody else" or
 * "hangs", never "dead": the process itself says whether it lives.
 */
import { isMayflyError } from '../../contract/errors.ts'
import { hostBootId, identifyProcess, isAlive, type ProcessIdentity } from '../qemu/process/process-identity.ts'
import type { QmpClient } from '../qemu/qmp/qmp-client.ts'
import { settleEnd } from './end.ts'
import { connectMonitor, LiveMachine } from './live-machine.ts'
import type { MachineCore } from './machine-core.ts'
import { reconcile, silenceReason } from './reconcile.ts'
import { readPidFile } from './pid-file.ts'
import { watchLive } from './watch.ts'

const monitorPatienceMs = 3_000
const retryMs = 5_000

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
  if (startUnfinished) core.update({ run: { ...run, process: identity } })
  if (await reattach(core, startUnfinished)) core.happened('adopted', `${core.name} was found running.`)
}

/** The process of this run: as recorded, or, where the engine died while starting it, as QEMU's pid file says. */
async function findProcess(core: MachineCore): Promise<ProcessIdentity | null> {
  const recorded = core.run?.process ?? null
  if (recorded !== null) return isAlive(recorded) ? recorded : null
  const pid = await readPidFile(core.runtime.pidFile)
  return pid === null ? null : identifyProcess(pid)
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
  const { uuid } = core.stored.hardware ?? {}
  const answered = await qmp.execute('query-uuid', undefined, { timeoutMs: monitorPatienceMs })
  if (uuid !== undefined && answered.UUID !== uuid) {
    qmp.close()
    core.enter('unknown', { reason: 'Another machine answers on its monitor.' })
    return false
  }
  await takeOver(core, qmp, identity, startUnfinished)
  if (startUnfinished && core.run !== null) await core.saveRun(core.run)
  return true
}

/** Makes a negotiated monitor the machine's own, and brings its state in line. `startUnfinished`: the engine that started it did not live to let its CPUs go. */
export async function takeOver(core: MachineCore, qmp: QmpClient, process: ProcessIdentity, startUnfinished = false): Promise<LiveMachine> {
  const live = new LiveMachine({
    process,
    names: core.names,
    runtime: core.runtime,
    qmp,
    onAgent: (state) => {
      if (core.live !== live) return
      core.setAgent(state)
      if (state === 'answering') core.happened('agent-answers', `The guest agent of ${core.name} answers.`)
    },
  })
  core.live = live
  watchLive(core, live, reattach)
  await live.open()
  core.setAgent('silent')
  if (startUnfinished) {
    const { status } = await qmp.execute('query-status', undefined, { timeoutMs: monitorPatienceMs })
    if (status === 'prelaunch') await qmp.execute('cont')
  }
  if (core.state !== 'starting') await reconcile(core)
  return live
}

function retryLater(core: MachineCore, startUnfinished: boolean): void {
  const timer = setTimeout(() => {
    core.queue
      .run(async () => {
        if (core.live === null && core.state === 'unknown') await reattach(core, startUnfinished)
      })
      .catch((error: unknown) => core.context.log(`${core.id}: ${String(error)}`))
  }, retryMs)
  timer.unref()
}
