/** Deletes a machine so that nothing of it remains: no process, no folder, no RAM, no socket. Throwaways and forks that failed go this way, never the trash. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasProcess } from '../../contract/machine-state.ts'
import type { MachineId } from '../../contract/ids.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import type { Machines } from '../machine/machines.ts'
import { pullPlug, whateverIsUnderWay } from '../machine/power.ts'
import { findByArgument, isAlive, signalProcess } from '../qemu/process/process-identity.ts'
import { endSwtpm } from '../qemu/process/swtpm.ts'
import { makePrivateFolder } from '../storage/atomic-file.ts'
import type { Folders } from '../storage/folders.ts'
import { forkMarksFolder, machineRuntimeNames, machinesFolder, trashFolder } from '../storage/names.ts'
import { unmark } from './fork-marks.ts'

const endsWithinMs = 5_000
/** How long what is under way with a machine may take before it is deleted under it. */
const turnWithinMs = 30_000

/** Switches a listed machine off where it runs, takes it off the list, and removes its folder. Gone already: nothing to do. */
export async function removeForGood(core: MachineCore, machines: Machines): Promise<void> {
  const { context } = core
  const goes = await whateverIsUnderWay(core, turnWithinMs, async () => {
    if (!machines.has(core.id)) return null
    context.unsettled(core.id, true)
    if (hasProcess(core.state)) await pullPlug(core)
    const target = await goingPlace(context.folders, core.id)
    // Of a process that ended before it was the machine's own.
    await rm(core.runtime.folder, { recursive: true, force: true })
    await machines.release(core, target)
    return target
  })
  if (goes === null) return
  context.atStep('remove.gone')
  await rm(goes, { recursive: true, force: true })
  await unmark(context, core.id)
}

/** Removes what is left of a machine that no engine lists: one that was being made, or prepared, when its engine ended. */
export async function removeRemains(context: EngineContext, id: MachineId): Promise<void> {
  const { folders } = context
  const runtime = machineRuntimeNames(folders, id)
  // Looking through all processes is dear, and of many that are on record somewhere nothing was ever made.
  if (![join(forkMarksFolder(folders), id), runtime.folder, join(machinesFolder(folders), id)].some((path) => existsSync(path))) return unmark(context, id)
  // QEMU and its keeper were both given this path, and nobody else.
  const left = findByArgument(runtime.pidFile)
  for (const process of left) signalProcess(process, 'SIGKILL')
  const deadline = performance.now() + endsWithinMs
  while (left.some(isAlive) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5))
  await endSwtpm(runtime.tpmPidFile)
  await rm(runtime.folder, { recursive: true, force: true })
  const goes = await goingPlace(folders, id)
  await rename(join(machinesFolder(folders), id), goes).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  await rm(goes, { recursive: true, force: true })
  await unmark(context, id)
}

/** Out of sight in one step; what an engine that is killed leaves here is swept by the next. */
async function goingPlace(folders: Folders, id: MachineId): Promise<string> {
  await makePrivateFolder(trashFolder(folders))
  return join(trashFolder(folders), `.${id}.${randomBytes(4).toString('hex')}.gone`)
}
