/**
 * Taking a machine back to a saved point. New layers are put on the point's frozen ones, then
 * everything the machine is at present is replaced. The journal says how far that is: until it
 * begins it is undone, afterwards it is finished; a guest whose saved RAM cannot be loaded gets the
 * machine back as it was, switched off.
 */
import { rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { CheckpointId } from '../../contract/ids.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import { makeRandomId } from '../jobs/random-id.ts'
import { hardwareDocument } from '../machine/hardware-document.ts'
import { type Layers, readPresent, writeLayers } from '../machine/layers.ts'
import { letCpusGo, pullCables } from '../machine/attach.ts'
import type { LiveMachine } from '../machine/live-machine.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { reconcile } from '../machine/reconcile.ts'
import type { Hardware } from '../qemu/argv/hardware.ts'
import { syncPath } from '../storage/atomic-file.ts'
import { writeDocument } from '../storage/document.ts'
import { checkpointFolderNames, type CheckpointFolderNames, type MachineFolderNames } from '../storage/names.ts'
import { announce } from './announce.ts'
import { copyFirmwareState, linkMedia, replaceBelongings, syncFirmwareState } from './belongings.ts'
import type { CheckpointRecord } from './checkpoint-document.ts'
import { dropAside, findMissing, makeAside, readAside, readCheckpoint, writeCheckpoint } from './checkpoint-store.ts'
import { collectGarbage } from './collect-garbage.ts'
import { endToRestore } from './end-to-restore.ts'
import { type Act, closeJournal, writeJournal } from './journal.ts'
import { dropOverlays, nameOverlays, onTop } from './overlays.ts'

/**
 * Restores disks, firmware and hardware; the machine is off afterwards. Runs in the machine's queue.
 * Throws `storage-corrupt` where the point is not whole, before anything is changed.
 */
export async function restoreDisks(core: MachineCore, record: CheckpointRecord): Promise<void> {
  const { names } = core
  await assertWhole(core, record)
  const overlays = nameOverlays(record.disks)
  await endToRestore(core, record, overlays)
  try {
    await writeJournal(core.context, names, { act: 'restore', step: 'switching', checkpoint: record.id, overlays, before: null })
  } catch (error) {
    // It may be in its place all the same, and would name what is not there.
    await closeJournal(names)
    await dropOverlays(names, overlays)
    throw error
  }
  await finishSwitch(core, record, overlays)
  await closeJournal(names)
  await collectGarbage(names)
  core.happened('restored', `${core.name} was taken back to ${record.label}.`)
  await announce(core, record.id)
}

/** Throws `storage-corrupt` where a file of the point is missing. */
export async function assertWhole(core: MachineCore, record: CheckpointRecord): Promise<void> {
  const missing = await findMissing(core.names, record)
  if (missing === null) return
  throw new MayflyError('storage-corrupt', `${record.label} of ${core.name} cannot be used: ${missing} Nothing was changed.`, { file: core.names.disks, reason: missing }, { next: 'Put the file back from a backup.' })
}

/** Makes the present what the point is. Can be repeated. */
async function finishSwitch(core: MachineCore, record: CheckpointRecord, overlays: Readonly<Record<string, string>>): Promise<void> {
  await becomePoint(core, checkpointFolderNames(core.names, record.id), record, onTop(record.disks, overlays), record.id)
}

/** Makes the present what a point is, with these chains. Can be repeated. */
export async function becomePoint(core: MachineCore, folder: CheckpointFolderNames, record: CheckpointRecord, chains: Layers, parent: CheckpointId | null): Promise<void> {
  const { context, names } = core
  const config = withPresentsOwn(record.config, core.config)
  // In any order: the journal is open until all of it is done.
  const outcomes = await Promise.allSettled([
    replaceBelongings(folder, names).then(() => context.atStep('restore.belongings')),
    replaceHardware(core, record.hardware).then(() => context.atStep('restore.hardware')),
    (isDeepStrictEqual(config, core.config) ? Promise.resolve() : core.saveConfig(config)).then(() => context.atStep('restore.config')),
    writeLayers(names, chains, parent).then(() => context.atStep('restore.layers')),
  ])
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

/** A guest takes another generation as "I was restored or copied", and makes new random numbers. */
async function replaceHardware(core: MachineCore, hardware: Hardware | null): Promise<void> {
  if (hardware === null) {
    await rm(core.names.hardware, { force: true })
    core.update({ hardware: null })
    return
  }
  const renewed: Hardware = { ...hardware, generationId: randomUUID() }
  await writeDocument(core.names.hardware, hardwareDocument, renewed)
  core.update({ hardware: renewed })
}

/** What a person said about the machine, and which ports of the host lead to it, is not the guest's: it stays. */
export function withPresentsOwn(saved: MachineConfig, present: MachineConfig): MachineConfig {
  const { name, notes, tags, stop } = present
  const forwards = (id: string): MachineConfig['nics'][number]['network']['forwards'] | undefined => present.nics.find((nic) => nic.id === id)?.network.forwards
  return { ...saved, name, notes, tags, stop, nics: saved.nics.map((nic) => ({ ...nic, network: { ...nic.network, forwards: forwards(nic.id) ?? nic.network.forwards } })) }
}

/** Copies what the machine is at present aside, so that it can be had back. The machine must be off. */
export async function keepAside(core: MachineCore): Promise<CheckpointId> {
  const { names } = core
  const id = makeRandomId() as CheckpointId
  try {
    await fillAside(core, id)
  } catch (error) {
    await dropAside(names, id)
    throw error
  }
  return id
}

async function fillAside(core: MachineCore, id: CheckpointId): Promise<void> {
  const { names } = core
  await makeAside(names, id)
  const aside = checkpointFolderNames(names, id, true)
  await linkMedia(names, aside)
  const has = await copyFirmwareState(names, aside)
  // Its document says that it is whole, also after a power cut.
  await syncFirmwareState(aside)
  const { disks, parent } = await readPresent(names)
  await writeCheckpoint(names, {
    id, parent, label: 'before', description: '', kind: 'disks', origin: 'before-restore', takenAt: new Date().toISOString(), machineState: 'stopped', fileSystemsFrozen: false,
    config: core.config, hardware: core.stored.hardware, disks, ...has, hasThumbnail: false, ram: null, madeWith: null, packages: null,
  }, true)
  // Named by the journal from now on.
  await syncPath(names.checkpoints)
}

/** Makes the present again what `keepAside` kept. Can be repeated. */
export async function bringBack(core: MachineCore, before: CheckpointId): Promise<void> {
  const record = await readAside(core.names, before)
  await becomePoint(core, checkpointFolderNames(core.names, before, true), record, record.disks, record.parent)
}

async function isWholeAside(names: MachineFolderNames, before: CheckpointId): Promise<boolean> {
  try {
    await readAside(names, before)
    return true
  } catch (error) {
    if (isMayflyError(error)) return false
    throw error
  }
}

/** The engine may have been killed before it let the CPUs go. */
async function letRestoredGo(core: MachineCore, { qmp }: LiveMachine, checkpoint: CheckpointId): Promise<void> {
  if (core.state !== 'paused' || core.pausedBy !== 'user') return
  const { machineState } = await readCheckpoint(core.names, checkpoint)
  await (machineState === 'paused' ? pullCables(core, qmp) : letCpusGo(core, qmp))
  await reconcile(core)
}

/** Settles a restore that was interrupted. Runs in the machine's queue; the machine must not be `unknown`. */
export async function recoverRestore(core: MachineCore, act: Extract<Act, { act: 'restore' }>): Promise<string> {
  const { names } = core
  // A process is on record once its RAM was loaded, and what a guest has written since then stays.
  if (hasProcess(core.state) || act.step === 'loaded') {
    if (core.live !== null) await letRestoredGo(core, core.live, act.checkpoint)
    await closeJournal(names)
    if (act.before !== null) await dropAside(names, act.before)
    await collectGarbage(names)
    await announce(core, act.checkpoint)
    return `A restore of ${core.name} that was interrupted was finished.`
  }
  // What was kept aside may be lost with a power cut: then the point's disks are what there is.
  if (act.before === null || !(await isWholeAside(names, act.before))) {
    await finishSwitch(core, await readCheckpoint(names, act.checkpoint), act.overlays)
    await closeJournal(names)
    await collectGarbage(names)
    await announce(core, act.checkpoint)
    return `A restore of ${core.name} that was interrupted was finished.`
  }
  await bringBack(core, act.before)
  await closeJournal(names)
  await dropAside(names, act.before)
  await collectGarbage(names)
  return `A restore of ${core.name} that was interrupted was undone. Its present is as it was, switched off.`
}

