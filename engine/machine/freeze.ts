/**
 * Freezes a running or paused machine at one moment: its disks get new layers on top, so that those
 * it had never change again, and with RAM the state of its devices is saved and its RAM becomes a
 * frozen layer too. The guest goes on, whatever fails: an empty layer on top of a disk means
 * nothing, so every step can be undone or left as it is.
 *
 * disks.json names the new layers before QEMU writes to them. Should the engine die in between, the
 * chain it names is right for a QEMU that is dead by then, and a living one is asked.
 */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import type { Disk } from '../../contract/device.ts'
import type { DeviceId } from '../../contract/ids.ts'
import { overlayNodes } from '../qemu/argv/devices/disk.ts'
import type { OpenRamLayer } from '../qemu/process/ram-layer.ts'
import { writeEmptyOverlay } from '../qemu/img/empty-overlay.ts'
import { prepareStateSaving } from '../qemu/qmp/device-state.ts'
import type { QmpArguments, QmpClient } from '../qemu/qmp/qmp-client.ts'
import { describeWriteFailure } from '../storage/atomic-file.ts'
import { writeDocument } from '../storage/document.ts'
import { diskFolder } from '../storage/names.ts'
import { plugClipboard, unplugClipboard } from './clipboard-channel.ts'
import { type Layers, layersDocument, newLayerFile, type Present, readPresent, writeLayers } from './layers.ts'
import { type LiveDisk, liveDisks } from './live-disks.ts'
import type { LiveMachine } from './live-machine.ts'
import type { MachineCore } from './machine-core.ts'
import { liveOf } from './power.ts'
import { ramBlockers } from './ram-blockers.ts'
import { reconcile } from './reconcile.ts'
import { freezePile, openPile, type RamPile, preparePile, readPile } from './ram-pile.ts'
import type { DeviceState } from './saved-point.ts'

export interface FreezePlan {
  /** With RAM and the state of all devices; else only the disks. */
  readonly ram: boolean
  /** Where the stream is written if RAM must be in it: on hosts where QEMU has no RAM library. */
  readonly stateFile: string
  /**
   * Waited for before the guest stands still, so that nothing else is done while it does; where it fails,
   * nothing is frozen.
   */
  readonly ready?: Promise<unknown>
  /** What the new layers shall be called, by disk; default: new names. */
  readonly overlays?: Readonly<Record<DeviceId, string>>
  /** Called while the guest stands still and QEMU has written everything: to copy NVRAM and TPM state. A machine that is frozen without RAM and without this does not stop at all. */
  readonly whileStill?: () => Promise<void>
}

export interface Frozen {
  /** Null without RAM. */
  readonly state: DeviceState | null
  /** The pile of RAM layers, lowest first, open: the caller closes them (`closePile`). Empty without RAM, and where it is in the stream. */
  readonly ram: readonly OpenRamLayer[]
  /** The chains as they were, frozen now, by disk of the guest; the machine's own have one more layer on top. */
  readonly layers: Layers
  /** How long the guest stood still. */
  readonly pauseMs: number
}

/** What the guest has been given on top of one disk. */
interface Overlay {
  readonly disk: Disk
  readonly file: string
  readonly path: string
  /** The active layer it will stand on. */
  readonly below: string
  readonly sizeBytes: number
  /** Null where the guest cannot write to the disk: its layer waits for the next start. */
  readonly live: { readonly node: string; readonly over: string; readonly nodes: ReturnType<typeof overlayNodes> } | null
}

/**
 * Runs in the machine's queue, legal while it is running or paused by its owner; the state is `saving`
 * meanwhile. Throws `conflict`, `unsupported` where QEMU cannot save the machine's RAM, `no-space`,
 * `qmp-failed`, `qmp-interrupted`; the guest then goes on as before.
 */
export async function freezeMachine(core: MachineCore, plan: FreezePlan): Promise<Frozen> {
  core.require('saved', ['running', 'paused'])
  const wasRunning = core.state === 'running'
  if (plan.ram && !wasRunning && core.pausedBy !== 'user') {
    throw new MayflyError('conflict', `${core.name} cannot be saved with its RAM now: ${core.stateReason ?? 'its CPUs stand still'}`, { state: core.state, allowed: ['running'] }, { next: 'Save its disks only.' })
  }
  const [blocker] = plan.ram ? ramBlockers(core) : []
  if (blocker !== undefined) throw new MayflyError('unsupported', `${core.name} cannot be saved with its RAM: ${blocker}`, { needs: 'devices whose state can be saved', have: blocker })
  const live = liveOf(core)
  const { pausedBy, stateReason } = core
  core.enter('saving')
  try {
    await writeFile(core.runtime.freezing, wasRunning ? 'running' : 'paused', { mode: 0o600 }).catch(async (error: unknown) => {
      throw await describeWriteFailure(core.runtime.freezing, error)
    })
    return await whileUnplugged(core, plan.ram, () => freeze(core, live, plan, wasRunning))
  } finally {
    if (core.live === live && core.state === 'saving') {
      if (wasRunning) await reconcile(core)
      else core.enter('paused', { pausedBy, reason: stateReason })
    }
    // A guest whose monitor broke or fell silent is let go on when it answers again.
    if (!live.qmp.isClosed && core.state !== 'unknown') await forgetFreeze(core)
  }
}

/** How the machine was before a freeze that its engine did not live to end; null: none was interrupted. Forgotten with `forgetFreeze`. */
export async function interruptedFreeze(core: MachineCore): Promise<'running' | 'paused' | null> {
  const word = await readFile(core.runtime.freezing, 'utf8').catch(() => null)
  return word === 'running' || word === 'paused' ? word : null
}

export async function forgetFreeze(core: MachineCore): Promise<void> {
  await rm(core.runtime.freezing, { force: true })
}

/** QEMU cannot save the state of the clipboard's channel. The guest sees it go and come. */
async function whileUnplugged<T>(core: MachineCore, needed: boolean, work: () => Promise<T>): Promise<T> {
  const wasPlugged = needed && core.run?.config.clipboard === true && (await unplugClipboard(core))
  try {
    return await work()
  } finally {
    if (wasPlugged && core.live !== null) await plugClipboard(core).catch((error: unknown) => core.context.log(`${core.id}: its clipboard is unplugged: ${String(error)}`))
  }
}

async function freeze(core: MachineCore, live: LiveMachine, plan: FreezePlan, wasRunning: boolean): Promise<Frozen> {
  const { qmp } = live
  const present = await readPresent(core.names)
  const before = present.disks
  const stands = plan.ram || plan.whileStill !== undefined
  let overlays: readonly Overlay[] = []
  let saving: RamSaving | null = null
  let isLaid = false
  let pauseMs = 0
  try {
    const [disks, ram] = await Promise.allSettled([liveDisks(qmp), plan.ram ? prepareRam(core, live, plan.stateFile) : null])
    if (ram.status === 'rejected') throw ram.reason
    saving = ram.value
    if (disks.status === 'rejected') throw disks.reason
    overlays = nameOverlays(core, disks.value, before, plan.overlays ?? {})
    await putReady(core, qmp, overlays, present)
    await plan.ready
    core.context.atStep('freeze.stop')
    let saved: SavedRam = { state: null, pile: null }
    const stoppedAt = performance.now()
    try {
      if (stands && wasRunning) await qmp.execute('stop')
      if (saving !== null) saved = await saving.save()
      await plan.whileStill?.()
      core.context.atStep('freeze.transaction')
      await layOver(qmp, overlays)
      isLaid = true
    } finally {
      if (stands && !qmp.isClosed) await goOn(qmp, wasRunning)
      pauseMs = stands && wasRunning ? performance.now() - stoppedAt : 0
    }
    core.context.atStep('freeze.frozen')
    const layers = frozenChains(core, before)
    await protectFrozen(core, layers)
    return { state: saved.state, ram: saved.pile === null ? [] : openPile(live, saved.pile), layers, pauseMs }
  } catch (error) {
    if (!isLaid && !qmp.isClosed) await dropOverlays(core, qmp, overlays, present)
    throw error
  } finally {
    await saving?.close()
  }
}

/**
 * After a save QEMU has let go of its disks until the CPUs run (state `postmigrate`; nothing else brings
 * it back before 10.0), and would refuse the next save. A guest that stood still gets a moment of
 * microseconds: both commands lie in QEMU's buffer together.
 */
export async function goOn(qmp: QmpClient, wasRunning: boolean): Promise<void> {
  await Promise.all([qmp.execute('cont'), ...(wasRunning ? [] : [qmp.execute('stop')])])
}

interface RamSaving {
  save(): Promise<SavedRam>
  close(): Promise<void>
}

interface SavedRam {
  readonly state: DeviceState | null
  readonly pile: RamPile | null
}

/** Finds out how RAM can be saved, and prepares it while the guest runs. */
async function prepareRam(core: MachineCore, live: LiveMachine, stateFile: string): Promise<RamSaving> {
  const { qmp } = live
  const [pile] = await Promise.all([readPile(live, core.runtime.ramSocket), refuseBlocked(core, qmp)])
  if (pile !== null) await preparePile(pile)
  const saving = await prepareStateSaving(qmp, { socket: core.runtime.stateSocket, withoutRam: pile !== null }, pile === null ? stateFile : undefined)
  return {
    close: () => saving.close(),
    async save() {
      if (pile === null) {
        await saving.save().catch(async (error: unknown) => {
          throw await describeWriteFailure(stateFile, error)
        })
        return { state: { file: stateFile }, pile: null }
      }
      // The library freezes RAM while QEMU writes the state of its devices: neither touches what the other does.
      const [state, frozen] = await Promise.allSettled([saving.save(), freezePile(live, pile)])
      if (state.status === 'rejected') throw state.reason
      if (frozen.status === 'rejected') throw frozen.reason
      return { state: state.value, pile: frozen.value }
    },
  }
}

/** What we do not know of, QEMU says itself. */
async function refuseBlocked(core: MachineCore, qmp: QmpClient): Promise<void> {
  const { 'blocked-reasons': reasons = [] } = await qmp.execute('query-migrate')
  if (reasons.length > 0) throw new MayflyError('unsupported', `${core.name} cannot be saved with its RAM. QEMU says: ${reasons.join('; ')}`, { needs: 'devices whose state can be saved', have: reasons.join('; ') }, { next: 'Save its disks only.' })
}

function nameOverlays(core: MachineCore, live: ReadonlyMap<DeviceId, LiveDisk>, layers: Layers, given: NonNullable<FreezePlan['overlays']>): Overlay[] {
  return (core.run?.config.disks ?? []).map((disk): Overlay => {
    const found = live.get(disk.id)
    const below = layers[disk.id]?.at(-1)
    if (found === undefined || below === undefined) throw new MayflyError('storage-corrupt', `The layers of ${disk.id} are not on record in ${core.names.layers}.`, { file: core.names.layers, reason: `${disk.id} is missing` })
    const file = given[disk.id] ?? newLayerFile()
    const path = join(diskFolder(core.names, disk.id), file)
    const nodes = overlayNodes(disk, path, found.freeNumber)
    return { disk, file, path, below, sizeBytes: found.sizeBytes, live: disk.readOnly ? null : { node: nodes[1]?.['node-name'] ?? '', over: found.node, nodes } }
  })
}

/** Makes the layers, puts them on record and names them to QEMU, while the guest runs. They are on disk before the record says so. */
async function putReady(core: MachineCore, qmp: QmpClient, overlays: readonly Overlay[], present: Present): Promise<void> {
  const written = overlays.map(({ path, sizeBytes, below }) => writeEmptyOverlay({ path, sizeBytes, backing: below }))
  const onRecord = writeDocument(core.names.layers, layersDocument, { format: 'mayfly-disks', version: 1, disks: withOverlays(present.disks, overlays), parent: present.parent }, true, Promise.all(written))
  const added = overlays.map(async ({ live }, index) => {
    await written[index]
    for (const node of live?.nodes ?? []) await qmp.execute('blockdev-add', node as QmpArguments<'blockdev-add'>)
  })
  const outcomes = await Promise.allSettled([...written, onRecord, ...added])
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

function withOverlays(before: Layers, overlays: readonly Overlay[]): Layers {
  return { ...before, ...Object.fromEntries(overlays.map(({ disk, file }) => [disk.id, [...(before[disk.id] ?? []), file]])) }
}

function frozenChains(core: MachineCore, before: Layers): Layers {
  return Object.fromEntries((core.run?.config.disks ?? []).map(({ id }): [DeviceId, string[]] => [id, before[id] ?? []]))
}

/** All disks at once: of the same moment also where the guest runs. */
async function layOver(qmp: QmpClient, overlays: readonly Overlay[]): Promise<void> {
  const actions = overlays.flatMap(({ live }) => (live === null ? [] : [{ type: 'blockdev-snapshot' as const, data: { node: live.over, overlay: live.node } }]))
  if (actions.length > 0) await qmp.execute('transaction', { actions })
}

/** Frozen layers cannot be opened for writing by mistake. */
async function protectFrozen(core: MachineCore, layers: Layers): Promise<void> {
  await Promise.all(Object.entries(layers).map(async ([disk, chain]) => {
    const top = chain.at(-1)
    if (top !== undefined) await chmod(join(diskFolder(core.names, disk), top), 0o444)
  }))
}

/** Takes back what was prepared. A layer is removed only once nothing names it; one that is left is empty, and harmless. */
async function dropOverlays(core: MachineCore, qmp: QmpClient, overlays: readonly Overlay[], { disks, parent }: Present): Promise<void> {
  try {
    for (const { live } of overlays) {
      for (const node of (live?.nodes ?? []).toReversed()) await qmp.execute('blockdev-del', { 'node-name': node['node-name'] }).catch(ignoreRefused)
    }
    // An answer may have been lost: what QEMU writes to stays.
    const active = new Set([...(await liveDisks(qmp)).values()].map(({ file }) => file))
    if (overlays.some(({ file }) => active.has(file))) return
    await writeLayers(core.names, disks, parent)
    for (const { path } of overlays) await rm(path, { force: true })
  } catch (error) {
    core.context.log(`${core.id}: empty layers are left of a checkpoint that failed: ${String(error)}`)
  }
}

function ignoreRefused(error: unknown): void {
  if (!isMayflyError(error, 'qmp-failed')) throw error
}
