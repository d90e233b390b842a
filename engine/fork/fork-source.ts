/**
 * What forks are made from: a running machine, one that is off, or a checkpoint. The three differ in
 * what must be frozen first, and in where things lie; the rest of forking knows only this.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import type { DeviceId } from '../../contract/ids.ts'
import { statesAtRest } from '../../contract/machine-state.ts'
import type { MachineConfig, Origin } from '../../contract/machine.ts'
import type { Belongings } from '../checkpoint/belongings.ts'
import type { CheckpointRecord } from '../checkpoint/checkpoint-document.ts'
import { findMissing, findMissingRam } from '../checkpoint/checkpoint-store.ts'
import { findCheckpoint } from '../checkpoint/find-checkpoint.ts'
import { closeJournal, writeJournal } from '../checkpoint/journal.ts'
import { actOnLayers } from '../checkpoint/layer-acts.ts'
import { mergeLayers } from '../checkpoint/merge-layers.ts'
import { dropOverlays, makeOverlays, nameOverlays, onTop, setTips } from '../checkpoint/overlays.ts'
import { repairTips } from '../checkpoint/repair-layers.ts'
import { closeRamLayers, openRamLayers } from '../checkpoint/ram-layers.ts'
import { ramRefusal } from '../checkpoint/ram-refusal.ts'
import { shortenChains } from '../checkpoint/shorten-chains.ts'
import { readStateFile } from '../checkpoint/state-file.ts'
import { freezeMachine } from '../machine/freeze.ts'
import { newMachineId } from '../machine/identity.ts'
import { assertRoomOnTop, type Layers, readLayers, writeLayers } from '../machine/layers.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { closePile } from '../machine/ram-pile.ts'
import { ramBlockers } from '../machine/ram-blockers.ts'
import type { SavedPoint } from '../machine/saved-point.ts'
import type { Hardware } from '../qemu/argv/hardware.ts'
import { readVirtualBytes } from '../qemu/img/own-layer.ts'
import { makePrivateFolder } from '../storage/atomic-file.ts'
import { checkpointFolderNames, diskFolder, machineFolderNames, machinesFolder } from '../storage/names.ts'
import { copyFirmware, type Firmware } from './copy-firmware.ts'
import type { ForkRequest } from './fork-request.ts'

export interface ForkSource {
  readonly origin: Origin
  readonly config: MachineConfig
  readonly hardware: Hardware | null
  /** The chains to be shared, in the parent's folder. Their topmost may be frozen only by `freeze`. */
  readonly layers: Layers
  readonly sizes: Readonly<Record<DeviceId, number>>
  /** Kernel and discs to be shared. */
  readonly media: Belongings
  /** UEFI variables or TPM state belong to it. */
  readonly hasFirmware: boolean
  /** The guest goes on in the fork; else it boots. */
  readonly withRam: boolean
  /** What the guest runs with; undefined: as its configuration says. */
  readonly accelerator: 'kvm' | 'tcg' | undefined
  /** `ready`: what is prepared beside, and done before the guest stands still; its failure is the freeze's. */
  freeze(ready?: Promise<unknown>): Promise<FrozenSource>
}

export interface FrozenSource {
  /** Null: forks boot. */
  readonly from: SavedPoint | null
  /** UEFI variables and TPM state of the same moment; null where there are none. */
  readonly firmware: Firmware | null
  readonly pauseMs: number
  /** When the guest was where its forks begin, in milliseconds of the epoch. */
  readonly savedAt: number
  /** Lets go of what only the start of the forks needed. */
  close(): Promise<void>
}

/** Well below what a chain may have, well above what a few forks at once make of one that is kept short. */
const deepestForFork = 48

/** Runs `use` with the source, while nobody else acts on the parent's layers. */
export function withForkSource<T>(parent: MachineCore, request: Pick<ForkRequest, 'checkpoint' | 'what'>, use: (source: ForkSource) => Promise<T>): Promise<T> {
  return actOnLayers(parent, async () => {
    // What lies in a checkpoint stays as it is, whatever the machine does.
    if (request.checkpoint !== undefined) return use(await sourceSaved(parent, await findCheckpoint(parent, request.checkpoint), request.what))
    await keepRoomOnTop(parent)
    return parent.queue.run(async () => {
      parent.require('forked', [...statesAtRest, 'running', 'paused'])
      return use(statesAtRest.some((state) => state === parent.state) ? await sourceAtRest(parent, request.what) : await sourceAlive(parent, request.what))
    })
  })
}

/**
 * A fork puts a layer on each of its parent's disks. Chains are made short when forks are ready, but what is asked for at
 * the same time has its turn before that: so a chain that grows very deep is made short at once.
 */
async function keepRoomOnTop(parent: MachineCore): Promise<void> {
  const deepest = async (): Promise<number> => Math.max(0, ...Object.values(await readLayers(parent.names)).map((chain) => chain.length))
  if ((await deepest()) < deepestForFork) return
  try {
    await mergeLayers(parent)
    await shortenChains(parent)
  } catch (error) {
    // There is room for some more.
    parent.context.log(`${parent.id}: its chains of layers stay long: ${String(error)}`)
  }
  assertRoomOnTop(parent.name, await readLayers(parent.names))
}

/** A checkpoint; the machine may do what it likes. */
export async function sourceSaved(parent: MachineCore, record: CheckpointRecord, what: ForkRequest['what']): Promise<ForkSource> {
  const { names } = parent
  const missing = await findMissing(names, record)
  if (missing !== null) throw new MayflyError('storage-corrupt', `${record.label} of ${parent.name} cannot be forked: ${missing}`, { file: names.disks, reason: missing }, { next: 'Put the file back from a backup.' })
  if (what === 'ram' && record.kind !== 'ram') throw new MayflyError('unsupported', `${record.label} has no RAM to be forked.`, { needs: 'a checkpoint with RAM', have: 'disks' }, { next: 'Fork its disks; the forks then boot.' })
  const withRam = record.kind === 'ram' && what !== 'disks'
  if (withRam) await assertRamUsable(parent, record)
  const folder = checkpointFolderNames(names, record.id)
  return {
    origin: { machine: parent.id, machineName: parent.name, checkpoint: record.id, checkpointLabel: record.label },
    config: record.config,
    hardware: record.hardware,
    layers: record.disks,
    sizes: await sizesOf(parent, record.disks),
    media: folder,
    hasFirmware: record.hasNvram || record.hasTpm,
    withRam,
    accelerator: withRam ? record.madeWith?.accelerator : undefined,
    async freeze() {
      const state = withRam ? await readStateFile(folder.state) : null
      const ram = withRam ? await openRamLayers(names.ram, record.ram?.layers ?? [], record.config.memoryMiB * 1024 * 1024) : []
      return {
        from: state === null ? null : { state, ram, newGeneration: false, accelerator: record.madeWith?.accelerator },
        firmware: record.hasNvram || record.hasTpm ? folder : null,
        pauseMs: 0,
        savedAt: Date.parse(record.takenAt),
        close: () => Promise.resolve(closeRamLayers(ram)),
      }
    },
  }
}

async function assertRamUsable(parent: MachineCore, record: CheckpointRecord): Promise<void> {
  const next = 'Fork its disks only: --what disks. The forks then boot.'
  const refused = await ramRefusal(parent, record)
  if (refused !== null) throw new MayflyError('unsupported', `The RAM of ${record.label} cannot be used. ${refused}`, { needs: 'the QEMU, accelerator and CPU it was saved with', have: refused }, { next })
  const missing = await findMissingRam(parent.names, record)
  if (missing !== null) throw new MayflyError('storage-corrupt', `The RAM of ${record.label} cannot be used: ${missing}`, { file: parent.names.ram, reason: missing }, { next })
}

/** What a fork has of the parent as it is now, whether that runs or not. */
async function takenFrom(parent: MachineCore, config: MachineConfig): Promise<Pick<ForkSource, 'origin' | 'config' | 'hardware' | 'layers' | 'sizes' | 'media' | 'hasFirmware'>> {
  const layers = onlyOf(config, await readLayers(parent.names))
  return {
    origin: originOf(parent),
    config,
    hardware: parent.stored.hardware,
    layers,
    sizes: await sizesOf(parent, layers),
    media: parent.names,
    hasFirmware: config.firmware.kind === 'uefi' || config.tpm,
  }
}

const originOf = (parent: MachineCore): Origin => ({ machine: parent.id, machineName: parent.name, checkpoint: null, checkpointLabel: null })

/** A machine that is off: its disks, and forks that boot. */
async function sourceAtRest(parent: MachineCore, what: ForkRequest['what']): Promise<ForkSource> {
  if (what === 'ram') throw new MayflyError('unsupported', `${parent.name} is off: there is no RAM to be forked.`, { needs: 'a running machine, or a checkpoint with RAM', have: parent.state }, { next: 'Start it first, or fork its disks.' })
  const { names, config } = parent
  const taken = await takenFrom(parent, config)
  const { layers } = taken
  return {
    ...taken,
    withRam: false,
    accelerator: undefined,
    async freeze() {
      const all = await readLayers(names)
      await repairTips(parent, layers)
      const overlays = nameOverlays(layers)
      await writeJournal(parent.context, names, { act: 'copy' })
      try {
        await makeOverlays(names, layers, overlays)
        parent.context.atStep('fork.layered')
        // In this order: what is left of it in the middle is a machine with one empty layer more.
        await writeLayers(names, onTop(all, overlays))
      } catch (error) {
        await dropOverlays(names, overlays)
        throw error
      } finally {
        await closeJournal(names)
      }
      parent.context.atStep('fork.protect')
      await setTips(names, layers, 0o444)
      return { from: null, firmware: names, pauseMs: 0, savedAt: Date.now(), close: () => Promise.resolve() }
    },
  }
}

/** A machine whose guest runs, or stands still. */
async function sourceAlive(parent: MachineCore, what: ForkRequest['what']): Promise<ForkSource> {
  const { names, context } = parent
  const config = parent.run?.config
  if (config === undefined) throw new MayflyError('conflict', `${parent.name} has just ended.`, { state: parent.state, allowed: ['running', 'paused'] })
  const withRam = what === 'ram' || (what === 'auto' && ramBlockers(parent).length === 0)
  const taken = await takenFrom(parent, config)
  const { hasFirmware } = taken
  return {
    ...taken,
    withRam,
    accelerator: parent.run?.accelerator,
    async freeze(ready) {
      const aside = machineFolderNames(join(machinesFolder(context.folders), `.${newMachineId()}.new`))
      const close = (): Promise<void> => rm(aside.folder, { recursive: true, force: true })
      const needsAside = hasFirmware || withRam
      try {
        if (needsAside) await makePrivateFolder(aside.folder)
        const { state, ram, pauseMs } = await freezeMachine(parent, {
          ram: withRam,
          ...(ready === undefined ? {} : { ready }),
          stateFile: join(aside.folder, 'state.bin'),
          ...(hasFirmware ? { whileStill: () => copyFirmware(names, aside) } : {}),
        })
        const closeAll = async (): Promise<void> => {
          closePile(ram)
          await close()
        }
        return { from: state === null ? null : { state, ram, newGeneration: false, accelerator: parent.run?.accelerator }, firmware: hasFirmware ? aside : null, pauseMs, savedAt: Date.now(), close: closeAll }
      } catch (error) {
        await close()
        throw error
      }
    },
  }
}

/** Disks that wait for the next start are none of the guest's. */
function onlyOf(config: MachineConfig, layers: Layers): Layers {
  return Object.fromEntries(config.disks.flatMap(({ id }) => (layers[id] === undefined ? [] : [[id, layers[id]]])))
}

async function sizesOf(parent: MachineCore, layers: Layers): Promise<Record<DeviceId, number>> {
  return Object.fromEntries(await Promise.all(Object.entries(layers).map(async ([disk, chain]) => [disk, await readVirtualBytes(join(diskFolder(parent.names, disk), chain.at(-1) ?? ''))] as const)))
}
