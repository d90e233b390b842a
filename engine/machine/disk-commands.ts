/** Adding, removing, growing and checking a machine's disks. */
import { join } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import { discardDisk } from '../checkpoint/collect-garbage.ts'
import type { Disk } from '../../contract/device.ts'
import type { DeviceId } from '../../contract/ids.ts'
import type { Job } from '../../contract/job.ts'
import { hasProcess, statesAtRest } from '../../contract/machine-state.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { checkQcow2 } from '../qemu/img/check-qcow2.ts'
import { resizeQcow2 } from '../qemu/img/resize-qcow2.ts'
import { diskFolder } from '../storage/names.ts'
import { makeDisk } from './disks.ts'
import { editBoth, editConfig, editableStates } from './edit.ts'
import { readLayers, removeDiskFolder, writeLayers } from './layers.ts'
import { liveDisks } from './live-disks.ts'
import type { MachineCore } from './machine-core.ts'
import { liveOf } from './power.ts'

export interface DiskAddition {
  readonly sizeMiB?: number | undefined
  readonly image?: string | undefined
  readonly bus?: Disk['bus'] | undefined
  readonly label?: string | undefined
  readonly cache?: Disk['cache'] | undefined
  readonly preallocation: 'off' | 'metadata' | 'falloc' | 'full'
}

/** Adds a disk as a job, since reserving its space may take long; a running guest sees it at its next start. Throws what can be told before. */
export function addDisk(core: MachineCore, addition: DiskAddition): Job {
  core.require('changed', editableStates)
  const image = addition.image === undefined ? null : core.context.images.get(addition.image)
  if (image !== null && image.kind !== 'disk') throw new MayflyError('unsupported', `${image.name} is not a disk image.`, { needs: 'a disk image', have: image.kind })
  const least = Math.ceil((image?.virtualBytes ?? 0) / (1024 * 1024))
  const sizeMiB = addition.sizeMiB ?? least
  if (sizeMiB < Math.max(least, 1)) {
    throw new MayflyError('invalid-input', least > 0 ? `The image needs ${least} MiB.` : 'A blank disk needs a size.', { issues: [{ path: 'sizeMiB', message: least > 0 ? `At least ${least} MiB.` : 'Say how large it shall be.' }] })
  }
  return core.context.jobs.run({ kind: 'disk.add', title: `Add a disk to ${core.name}`, machine: core.id }, (job) =>
    core.queue.run(async () => {
      core.require('changed', editableStates)
      const id = nextId('disk', [...core.config.disks, ...(core.run?.config.disks ?? [])])
      const disk: Disk = {
        id,
        label: addition.label ?? '',
        bus: addition.bus ?? (core.config.profile === 'compatible' ? 'sata' : 'virtio-blk'),
        sizeMiB,
        readOnly: false,
        cache: addition.cache ?? 'safe',
      }
      // What an interrupted removal left under this name belongs to no disk.
      await discardDisk(core.names, id)
      const layers = await readLayers(core.names)
      job.stage(addition.preallocation === 'off' ? 'Making the disk' : 'Reserving its space')
      const files = await makeDisk(core.context, core.names, { disk: id, sizeMiB, preallocation: addition.preallocation, image: image?.id ?? null, signal: job.signal, onProgress: (done, total) => job.progress(done, total) })
      try {
        job.signal.throwIfAborted()
        await writeLayers(core.names, { ...layers, [id]: files })
        await editConfig(core, (config) => ({ ...config, disks: [...config.disks, disk] }))
      } catch (error) {
        await writeLayers(core.names, layers).catch(() => undefined)
        await removeDiskFolder(core.names, id)
        throw error
      }
      return { machine: core.id, sentence: hasProcess(core.state) ? `${core.name} has ${id}; its guest sees it at the next start.` : `${core.name} has ${id}.` }
    }),
  )
}

/** Removes a disk and its data. The machine must be off. */
export function removeDisk(core: MachineCore, id: DeviceId): Promise<void> {
  return core.queue.run(async () => {
    core.require('changed', statesAtRest)
    findDisk(core.config, id)
    await editConfig(core, (config) => ({ ...config, disks: config.disks.filter((disk) => disk.id !== id) }))
    await discardDisk(core.names, id)
  })
}

/** Grows a disk, under a running guest too. */
export function resizeDisk(core: MachineCore, id: DeviceId, sizeMiB: number): Promise<void> {
  return core.queue.run(async () => {
    core.require('changed', editableStates)
    const disk = findDisk(core.config, id)
    if (sizeMiB < disk.sizeMiB) {
      throw new MayflyError('invalid-input', `${id} is ${disk.sizeMiB} MiB large; a disk grows, it never shrinks.`, { issues: [{ path: 'sizeMiB', message: `At least ${disk.sizeMiB} MiB.` }] })
    }
    const sizeBytes = sizeMiB * 1024 * 1024
    const isPlugged = hasProcess(core.state) && core.run?.config.disks.some((candidate) => candidate.id === id) === true
    if (isPlugged) {
      const { qmp } = liveOf(core)
      const node = (await liveDisks(qmp)).get(id)?.node
      if (node === undefined) throw new MayflyError('conflict', `${id} of ${core.name} is not plugged in.`, { state: core.state, allowed: ['stopped'] })
      await qmp.execute('block_resize', { 'node-name': node, size: sizeBytes })
    } else {
      const active = (await readLayers(core.names))[id]?.at(-1)
      if (active === undefined) throw new MayflyError('storage-corrupt', `The layers of ${id} are not on record.`, { file: core.names.layers, reason: `${id} is missing` })
      await resizeQcow2(await core.context.host.installation(), join(diskFolder(core.names, id), active), sizeBytes)
    }
    const grow = (config: MachineConfig): MachineConfig => ({ ...config, disks: config.disks.map((candidate) => (candidate.id === id ? { ...candidate, sizeMiB } : candidate)) })
    await editBoth(core, grow)
  })
}

/** Checks the disks' layers in a job; the machine's queue is held, so that nobody starts it meanwhile. */
export function checkDisks(core: MachineCore, only: DeviceId | undefined): Job {
  core.require('checked', statesAtRest)
  if (only !== undefined) findDisk(core.config, only)
  return core.context.jobs.run({ kind: 'disk.check', title: `Check the disks of ${core.name}`, machine: core.id }, (job) =>
    core.queue.run(async () => {
      core.require('checked', statesAtRest)
      const installation = await core.context.host.installation()
      const layers = await readLayers(core.names)
      const files = core.config.disks
        .filter((disk) => only === undefined || disk.id === only)
        .flatMap((disk) => (layers[disk.id] ?? []).map((file) => ({ disk: disk.id, path: join(diskFolder(core.names, disk.id), file) })))
      const damaged: string[] = []
      for (const [index, { disk, path }] of files.entries()) {
        job.stage(`Checking ${disk}`)
        job.progress(index / files.length)
        const report = await checkQcow2(installation, path, { signal: job.signal })
        if (report.corruptions > 0) damaged.push(`${disk} has ${report.corruptions} damaged places`)
        else if (report.leaks > 0) damaged.push(`${disk} has ${report.leaks} leaked clusters, which cost space and harm nothing`)
      }
      return { sentence: damaged.length === 0 ? 'All disks are sound.' : `${damaged.join('; ')}.` }
    }),
  )
}

/** The lowest free id of a kind: disk0, disk1, ... */
export function nextId(prefix: string, taken: readonly { id: DeviceId }[]): DeviceId {
  for (let number = 0; ; number++) {
    const id = `${prefix}${number}`
    if (!taken.some((device) => device.id === id)) return id
  }
}

function findDisk(config: MachineConfig, id: DeviceId): Disk {
  const disk = config.disks.find((candidate) => candidate.id === id)
  if (disk === undefined) throw new MayflyError('not-found', `${config.name} has no disk ${id}.`, { kind: 'disk', ref: id })
  return disk
}
