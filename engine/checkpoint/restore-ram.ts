/**
 * Taking a machine back to a point with its RAM: everything is looked at before anything is changed,
 * the present is kept aside until the guest runs again, and comes back where it does not.
 */
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import type { CheckpointId } from '../../contract/ids.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import { assertLaunchable } from '../machine/launch.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { beginFrom, pullPlug } from '../machine/power.ts'
import type { SavedPoint } from '../machine/saved-point.ts'
import { checkpointFolderNames } from '../storage/names.ts'
import { announce } from './announce.ts'
import type { CheckpointRecord } from './checkpoint-document.ts'
import { dropAside, findMissingRam } from './checkpoint-store.ts'
import { collectGarbage } from './collect-garbage.ts'
import { endToRestore } from './end-to-restore.ts'
import { closeJournal, writeJournal } from './journal.ts'
import { dropOverlays, nameOverlays, onTop } from './overlays.ts'
import { closeRamLayers, openRamLayers } from './ram-layers.ts'
import { ramRefusal } from './ram-refusal.ts'
import { readStateFile } from './state-file.ts'
import { assertWhole, becomePoint, bringBack, keepAside, withPresentsOwn } from './restore-now.ts'

/**
 * Runs in the machine's queue. The guest goes on where it was, or stands still if it did. Throws
 * `unsupported` where this host cannot use the state, `storage-corrupt` where the point is not whole, both
 * before anything is changed; and what a start throws: then the machine is off, its disks as they were.
 */
export async function restoreRam(core: MachineCore, record: CheckpointRecord, signal: AbortSignal): Promise<void> {
  const { context, names } = core
  await assertWhole(core, record)
  await assertUsable(core, record)
  await assertLaunchable(core, withPresentsOwn(record.config, core.config), record.hardware, record.madeWith?.accelerator)
  const overlays = nameOverlays(record.disks)
  const reading = readStateFile(checkpointFolderNames(names, record.id).state)
  reading.catch(() => undefined)
  const ram = await openRamLayers(names.ram, record.ram?.layers ?? [], record.config.memoryMiB * 1024 * 1024)
  try {
    const state = await reading
    await endToRestore(core, record, overlays)
    const before = await keepAside(core).catch(async (error: unknown) => {
      await dropOverlays(names, overlays)
      throw toldOff(core, error, record)
    })
    core.enter('restoring')
    let isLoaded = false
    try {
      await writeJournal(context, names, { act: 'restore', step: 'switching', checkpoint: record.id, overlays, before })
      await becomePoint(core, checkpointFolderNames(names, record.id), record, onTop(record.disks, overlays), record.id)
      context.atStep('restore:starting')
      await load(core, record, { state, ram }, signal, async () => {
        context.atStep('restore.recorded')
        // What the guest writes from here on is its owner's: nothing brings back what was before.
        await writeJournal(context, names, { act: 'restore', step: 'loaded', checkpoint: record.id, overlays, before })
        isLoaded = true
      })
      context.atStep('restore.running')
    } catch (error) {
      throw await undone(core, error, record, before, async () => {
        // A guest that ran for a moment is told of as not restored.
        if (isLoaded) await writeJournal(context, names, { act: 'restore', step: 'undoing', checkpoint: record.id, overlays, before })
      })
    }
    await closeJournal(names)
    await dropAside(names, before)
  } finally {
    closeRamLayers(ram)
  }
  core.happened('restored', `${core.name} goes on where it was at ${record.label}.`)
  await collectGarbage(names)
  await announce(core, record.id)
}

async function assertUsable(core: MachineCore, record: CheckpointRecord): Promise<void> {
  const refused = await ramRefusal(core, record)
  const next = 'Restore its disks only: --what disks'
  if (refused !== null) throw new MayflyError('unsupported', `The RAM of ${record.label} cannot be used. ${refused} Nothing was changed.`, { needs: 'the QEMU, accelerator and CPU it was saved with', have: refused }, { next })
  const missing = await findMissingRam(core.names, record)
  if (missing !== null) throw new MayflyError('storage-corrupt', `The RAM of ${record.label} cannot be used: ${missing} Nothing was changed.`, { file: core.names.ram, reason: missing }, { next })
}

function load(core: MachineCore, record: CheckpointRecord, saved: Pick<SavedPoint, 'state' | 'ram'>, signal: AbortSignal, loaded: () => Promise<void>): Promise<void> {
  return beginFrom(core, signal, { ...saved, newGeneration: false, accelerator: record.madeWith?.accelerator }, record.machineState === 'paused' ? 'pause' : 'run', loaded)
}

/** The machine as it was, switched off, and the error that says so. */
async function undone(core: MachineCore, error: unknown, record: CheckpointRecord, before: CheckpointId, note: () => Promise<void>): Promise<unknown> {
  core.context.atStep('restore.failed')
  if (core.live !== null) await pullPlug(core)
  if (hasProcess(core.state)) core.enter('stopped')
  await note()
  await bringBack(core, before)
  core.context.atStep('restore.back')
  await closeJournal(core.names)
  await dropAside(core.names, before)
  await collectGarbage(core.names)
  return toldOff(core, error, record)
}

function toldOff(core: MachineCore, error: unknown, record: CheckpointRecord): unknown {
  if (!isMayflyError(error)) return error
  return new MayflyError(error.code, `${core.name} could not be taken back to ${record.label}. ${error.message} It is off, and its disks are as they were.`, error.details, { cause: error, next: 'Restore its disks only: --what disks, or start it.' })
}
