/**
 * Taking a checkpoint. Everything is made in a folder aside, the machine is frozen for a moment in
 * the middle, and one rename puts it on record. What fails before that leaves a machine that
 * stands on one more layer, which means nothing, and no checkpoint.
 */
import { writeFile } from 'node:fs/promises'
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import type { CheckpointKind } from '../../contract/checkpoint.ts'
import type { CheckpointId } from '../../contract/ids.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import { makeRandomId } from '../jobs/random-id.ts'
import { editableStates } from '../machine/edit.ts'
import { type FreezePlan, type Frozen, freezeMachine } from '../machine/freeze.ts'
import { assertRoomOnTop, type Layers, readPresent, writeLayers } from '../machine/layers.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { liveOf } from '../machine/power.ts'
import { ramBlockers } from '../machine/ram-blockers.ts'
import { takeScreenshot } from '../machine/screenshot.ts'
import { askCpuFeatures } from '../qemu/capabilities/cpu-features.ts'
import { describeWriteFailure } from '../storage/atomic-file.ts'
import { type CheckpointFolderNames, checkpointFolderNames } from '../storage/names.ts'
import { announce } from './announce.ts'
import { copyFirmwareState, type Has, linkMedia, syncFirmwareState } from './belongings.ts'
import type { CheckpointRecord } from './checkpoint-document.ts'
import { dropAside, isOnRecord, makeAside, putOnRecord, readCheckpoints, writeCheckpoint } from './checkpoint-store.ts'
import { collectGarbage } from './collect-garbage.ts'
import { assertLabelFree, freeLabel } from './find-checkpoint.ts'
import { withFrozenFileSystems } from './guest-file-systems.ts'
import { listPackages } from './guest-packages.ts'
import { closePile } from '../machine/ram-pile.ts'
import { closeJournal, readJournal, writeJournal } from './journal.ts'
import { ramOwners } from './ram-kin.ts'
import { protectFrozen } from './protect-frozen.ts'
import { repairTips } from './repair-layers.ts'
import { saveRam } from './save-ram.ts'
import { dropOverlays, makeOverlays, nameOverlays, onTop, setTips } from './overlays.ts'

export interface TakeRequest {
  /** Default: the time. Made unique where `origin` is not the user. */
  readonly label?: string | undefined
  readonly description: string
  readonly what: 'auto' | 'ram' | 'disks'
  readonly freezeFileSystems: 'auto' | 'yes' | 'no'
  readonly origin: CheckpointRecord['origin']
}

/** Who follows the work. */
export interface Follower {
  stage(text: string): void
  progress(doneBytes: number, totalBytes: number): void
  readonly signal: AbortSignal
}

interface Taken {
  readonly record: CheckpointRecord
  /** How long the guest stood still; 0 where it did not. */
  readonly pauseMs: number
}

/** Takes a checkpoint, within an act on the machine's layers. */
export async function takeNow(core: MachineCore, request: TakeRequest, follower: Follower): Promise<Taken> {
  const id = makeRandomId() as CheckpointId
  // A guest that stands still, or whose file systems are frozen, waits for whoever comes next.
  core.context.unsettled(id, true)
  try {
    follower.stage('Freezing')
    const { draft, frozen, pauseMs } = await core.queue.run(() => freezeAll(core, id, request))
    follower.stage('Writing')
    const ram = frozen === null ? null : { layers: await writeRam(core, draft, frozen, follower) }
    const record = await core.queue.run(() => putDown(core, { ...draft, ram }))
    return { record, pauseMs }
  } catch (error) {
    await undoTake(core, id)
    throw error
  } finally {
    core.context.unsettled(id, false)
  }
}

/** The guest runs again meanwhile. */
async function writeRam(core: MachineCore, draft: CheckpointRecord, frozen: Frozen, follower: Follower): Promise<string[]> {
  try {
    return await saveRam({
      names: core.names,
      frozen,
      stateFile: checkpointFolderNames(core.names, draft.id, true).state,
      ramBytes: draft.config.memoryMiB * 1024 * 1024,
      owners: await ramOwners(core),
      signal: follower.signal,
      onProgress: ({ bytes, ofBytes }) => follower.progress(bytes, ofBytes),
    })
  } finally {
    closePile(frozen.ram)
  }
}

interface FrozenPoint {
  readonly draft: CheckpointRecord
  /** What is to be written of its RAM; null without. */
  readonly frozen: Frozen | null
  readonly pauseMs: number
}

/** The part in which nobody else may touch the machine. */
async function freezeAll(core: MachineCore, id: CheckpointId, request: TakeRequest): Promise<FrozenPoint> {
  core.require('saved', editableStates)
  const stored = await readCheckpoints(core.names)
  const wanted = request.label ?? timeLabel(new Date())
  if (request.origin === 'user' && request.label !== undefined) assertLabelFree(core, stored, wanted)
  const kind = chooseKind(core, request.what)
  if (kind === 'ram' && request.freezeFileSystems === 'yes') {
    throw new MayflyError('invalid-input', 'File systems are not frozen where RAM is saved: the restored guest would find them frozen.', { issues: [{ path: 'freezeFileSystems', message: 'Only together with disks alone.' }] })
  }
  const wish = kind === 'ram' ? 'no' : request.freezeFileSystems
  const { parent, disks: chains } = await readPresent(core.names)
  assertRoomOnTop(core.name, chains)
  const state = core.state === 'running' || core.state === 'paused' ? core.state : 'stopped'
  const packages = await listPackages(core)
  const cpuFeatures = kind === 'ram' ? await stampCpu(core) : null
  const aside = checkpointFolderNames(core.names, id, true)
  await makeAside(core.names, id)
  await writeJournal(core.context, core.names, { act: 'take', step: 'preparing', checkpoint: id, thaw: wish !== 'no' && state === 'running' })
  await linkMedia(core.names, aside)
  const hasThumbnail = state !== 'stopped' && (await pictureScreen(core, aside))
  const now = state === 'stopped' ? await freezeStopped(core, aside) : await withFrozenFileSystems(core, wish, async (fileSystemsFrozen) => ({ ...(await freezeRunning(core, kind, aside)), fileSystemsFrozen }))
  const config = now.config
  const { hardware } = core.stored
  const draft: CheckpointRecord = {
    id,
    parent,
    label: freeLabel(stored, wanted),
    description: request.description,
    kind,
    origin: request.origin,
    takenAt: new Date().toISOString(),
    machineState: state,
    fileSystemsFrozen: now.fileSystemsFrozen,
    config,
    hardware,
    disks: now.layers,
    ...now.has,
    hasThumbnail,
    ram: null,
    madeWith: hardware === null ? null : { qemuVersion: now.qemuVersion, machineType: hardware.machineType, accelerator: now.accelerator ?? hardware.cpu.accelerator, cpuModel: hardware.cpu.model },
    packages,
    ...(cpuFeatures === null ? {} : { cpuFeatures: [...cpuFeatures] }),
  }
  return { draft, frozen: kind === 'ram' ? now.frozen : null, pauseMs: now.pauseMs }
}

interface Now {
  /** Of a machine that ran. */
  readonly frozen: Frozen | null
  readonly config: MachineConfig
  readonly layers: Layers
  readonly has: Has
  readonly fileSystemsFrozen: boolean
  readonly qemuVersion: string
  readonly accelerator: 'kvm' | 'tcg' | null
  readonly pauseMs: number
}

async function freezeRunning(core: MachineCore, kind: CheckpointKind, aside: CheckpointFolderNames): Promise<Omit<Now, 'fileSystemsFrozen'>> {
  const { run } = core
  if (run === null) throw new MayflyError('conflict', `${core.name} has just ended.`, { state: core.state, allowed: [...editableStates] })
  const { config } = run
  let has: Has = { hasNvram: false, hasTpm: false }
  const copies = config.firmware.kind === 'uefi' || config.tpm
  const plan: FreezePlan = {
    ram: kind === 'ram',
    stateFile: aside.state,
    ...(copies
      ? {
          whileStill: async () => {
            has = await copyFirmwareState(core.names, aside)
          },
        }
      : {}),
  }
  const frozen = await freezeMachine(core, plan)
  return { frozen, config, layers: frozen.layers, has, qemuVersion: run.qemuVersion, accelerator: run.accelerator, pauseMs: frozen.pauseMs }
}

/** Nobody writes to the disks of a machine that is off: a new layer on each, and the old ones are frozen. */
async function freezeStopped(core: MachineCore, aside: CheckpointFolderNames): Promise<Now> {
  const { names, config } = core
  const { disks: before } = await readPresent(names)
  const layers: Layers = Object.fromEntries(Object.entries(before).filter(([disk]) => config.disks.some(({ id }) => id === disk)))
  await repairTips(core, layers)
  const has = await copyFirmwareState(names, aside)
  const overlays = nameOverlays(layers)
  try {
    await makeOverlays(names, layers, overlays)
    await writeLayers(names, onTop(before, overlays))
  } catch (error) {
    await dropOverlays(names, overlays)
    throw error
  }
  core.context.atStep('take.layered')
  await setTips(names, layers, 0o444)
  const capabilities = await core.context.host.capabilitiesOrNull()
  return { frozen: null, config, layers, has, fileSystemsFrozen: false, qemuVersion: capabilities?.qemuVersion.text ?? '', accelerator: null, pauseMs: 0 }
}

async function putDown(core: MachineCore, record: CheckpointRecord): Promise<CheckpointRecord> {
  core.requireListed()
  const { context, names } = core
  context.atStep('take.written')
  await syncFirmwareState(checkpointFolderNames(names, record.id, true))
  await writeCheckpoint(names, record, true)
  await writeJournal(context, names, { act: 'take', step: 'recording', checkpoint: record.id, thaw: false })
  try {
    await finishTake(core, record.id)
  } catch (error) {
    if (!(await isOnRecord(names, record.id))) throw error
    // It is there; the journal is open, and what is missing is made up for by the next act or the next engine.
    context.log(`${core.id}: ${record.label} is on record, and the present does not name it yet: ${String(error)}`)
    await announce(core, record.id)
  }
  core.happened('checkpoint', `${record.label} was saved.`)
  return record
}

/** From here on it is on record whatever happens. Can be repeated. Runs in the machine's queue. */
export async function finishTake(core: MachineCore, id: CheckpointId): Promise<void> {
  const { context, names } = core
  await putOnRecord(names, id)
  context.atStep('take.recorded')
  await writeLayers(names, (await readPresent(names)).disks, id)
  context.atStep('take.parent')
  await closeJournal(names)
  await announce(core, id)
}

/** Removes what was made aside. The layer that was put on top stays: the guest may have written to it. */
async function undoTake(core: MachineCore, id: CheckpointId): Promise<void> {
  await core.queue
    .run(async () => {
      const act = await readJournal(core.names)
      if (await isOnRecord(core.names, id)) return
      if (act !== null) {
        await protectFrozen(core.names)
        // Before what it names goes.
        await closeJournal(core.names)
      }
      await dropAside(core.names, id)
      if (act !== null) await collectGarbage(core.names)
    })
    .catch((error: unknown) => core.context.log(`${core.id}: what was made of a checkpoint that failed is left: ${String(error)}`))
}

function chooseKind(core: MachineCore, what: TakeRequest['what']): CheckpointKind {
  switch (what) {
    case 'disks':
      return 'disks'
    case 'ram':
      requireRam(core)
      return 'ram'
    case 'auto':
      return core.state === 'running' || (core.state === 'paused' && core.pausedBy === 'user') ? (ramBlockers(core).length === 0 ? 'ram' : 'disks') : 'disks'
  }
}

/** Throws why no RAM checkpoint can be taken of the machine as it is. */
export function requireRam(core: MachineCore): void {
  if (!hasProcess(core.state)) throw new MayflyError('conflict', `${core.name} is off; it has no RAM to save.`, { state: core.state, allowed: ['running', 'paused'] }, { next: 'Save its disks, or start it first.' })
  const [blocker] = ramBlockers(core)
  if (blocker !== undefined) throw new MayflyError('unsupported', `${core.name} cannot be saved with its RAM: ${blocker}`, { needs: 'devices whose state can be saved', have: blocker }, { next: 'Save its disks only: --what disks' })
}

/** What its CPU has, as its own QEMU says; null where that cannot say, which is no reason not to save it. */
async function stampCpu(core: MachineCore): Promise<readonly string[] | null> {
  const { hardware } = core.stored
  if (hardware === null) return null
  try {
    return (await askCpuFeatures(liveOf(core).qmp, hardware.cpu.model)).has
  } catch (error) {
    if (isMayflyError(error)) return null
    throw error
  }
}

async function pictureScreen(core: MachineCore, aside: CheckpointFolderNames): Promise<boolean> {
  let png: Buffer
  try {
    png = await takeScreenshot(core)
  } catch (error) {
    if (isMayflyError(error)) return false
    throw error
  }
  await writeFile(aside.screen, png, { mode: 0o600 }).catch(async (error: unknown) => {
    throw await describeWriteFailure(aside.screen, error)
  })
  return true
}

/** The local time, as a person writes it: `2026-11-23 08:44:28`. */
function timeLabel(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}
