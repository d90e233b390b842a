/** After a machine's process is gone: say how it ended, put its traces away, and make it startable again. */
import { access, rm, unlink } from 'node:fs/promises'
import { hasProcess } from '../../contract/machine-state.ts'
import { readExitRecord } from '../qemu/process/exit-record.ts'
import { readTextTail } from '../qemu/process/launch-qemu.ts'
import { hostBootId, identifyProcess } from '../qemu/process/process-identity.ts'
import { endSwtpm } from '../qemu/process/swtpm.ts'
import { classifyExit } from './exit.ts'
import type { MachineCore } from './machine-core.ts'

const tailBytes = 4096

/** Records the end of the process that run.json names. Runs in the machine's queue; the process must be gone. `toGoOn`: the machine is being restored, and this is no end to be told of. */
export async function settleEnd(core: MachineCore, toGoOn = false): Promise<void> {
  core.live?.detach()
  core.live = null
  const { run } = core
  const record = await waitForExitRecord(core)
  const exit = classifyExit({
    asked: core.endAsked,
    record,
    pidFileLeft: await exists(core.runtime.pidFile),
    hostRestarted: run !== null && run.bootId !== hostBootId(),
    neverRan: run !== null && run.process === null,
    qemuTail: await readTextTail(core.names.qemuLog, tailBytes),
    serialTail: await readTextTail(core.names.serialLog, tailBytes),
    now: new Date(),
  })
  core.endAsked = false
  // A full disk may be what ended it. The machine is off whether or not that can be written down.
  await core.saveLastExit(exit).catch((error: unknown) => {
    core.context.log(`${core.id}: its end is not on record: ${String(error)}`)
    core.update({ lastExit: exit })
  })
  await clearRun(core).catch((error: unknown) => core.context.log(`${core.id}: traces of its run are left: ${String(error)}`))
  const crashed = exit.kind === 'crashed'
  if (hasProcess(core.state)) core.enter(crashed ? 'crashed' : 'stopped', { reason: crashed ? exit.sentence : null })
  if (!toGoOn) core.happened(crashed ? 'crashed' : 'stopped', crashed ? `${core.name} crashed. ${exit.sentence}` : `${core.name} stopped. ${exit.sentence}`)
  for (const listener of core.endListeners) listener()
  if (!toGoOn) core.context.ended(core.id)
}

/** Removes what belongs to a run: run.json, sockets, pid files, the keeper's record. */
export async function clearRun(core: MachineCore): Promise<void> {
  const hadTpm = core.run?.config.tpm === true
  core.update({ run: null })
  await unlink(core.names.run).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (hadTpm) await endSwtpm(core.runtime.tpmPidFile)
  await rm(core.runtime.folder, { recursive: true, force: true })
  await rm(core.names.exitRecord, { force: true })
}

/**
 * The keeper writes its record right after QEMU ended, so where a keeper can have been, a
 * moment is given to it. None comes where the keeper was killed as well.
 */
async function waitForExitRecord(core: MachineCore): ReturnType<typeof readExitRecord> {
  const pid = core.run?.process?.pid
  const deadline = performance.now() + 1_000
  for (;;) {
    const record = await readExitRecord(core.names.exitRecord)
    if (record !== null || core.run?.bootId !== hostBootId() || performance.now() > deadline) return record
    if (pid !== undefined && identifyProcess(pid) !== null) return null
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false)
}
