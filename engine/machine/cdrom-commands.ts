/** Discs in and out of a machine's CD drives, also while it runs. */
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { Cdrom } from '../../contract/device.ts'
import type { DeviceId, ImageId } from '../../contract/ids.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { editBoth, editableStates } from './edit.ts'
import type { MachineCore } from './machine-core.ts'
import { cdromMedium } from '../qemu/argv/devices/cdrom.ts'
import { formatNode, storageNode } from '../qemu/argv/qemu-ids.ts'
import type { QmpArguments } from '../qemu/qmp/qmp-client.ts'
import { cdromPath, placeMedium, removeMedium } from './media.ts'
import { liveOf } from './power.ts'

/** Puts an ISO image in a drive, in the place of what was there. */
export function insertDisc(core: MachineCore, ref: string, driveId: DeviceId | undefined): Promise<void> {
  return core.queue.run(async () => {
    core.require('changed', editableStates)
    const drive = findDrive(core.config, driveId)
    const image = core.context.images.get(ref)
    if (image.kind !== 'iso') throw new MayflyError('unsupported', `${image.name} is not an ISO image; a CD drive takes nothing else.`, { needs: 'an ISO image', have: image.kind })
    await openTray(core, drive, true)
    await takeOut(core, drive)
    try {
      await placeMedium(core.names, drive.id, core.context.images, image.id)
      await plugMedium(core, drive)
      await setMedium(core, drive.id, image.id)
    } catch (error) {
      // The old disc is out already. An empty drive is true and starts; a record of a disc that is not there does not.
      await takeOut(core, drive).catch(() => undefined)
      await setMedium(core, drive.id, null).then(() => removeMedium(core.names, drive.id), () => undefined)
      throw error
    }
  })
}

async function plugMedium(core: MachineCore, drive: Cdrom): Promise<void> {
  const { id } = drive
  if (!isPlugged(core, id)) return
  const { qmp } = liveOf(core)
  // The builders serve argv too and are typed for both; their tests hold them against QEMU's schema.
  for (const node of cdromMedium(id, cdromPath(core.names, id))) await qmp.execute('blockdev-add', node as QmpArguments<'blockdev-add'>)
  await whileOpen(core, drive, () => qmp.execute('blockdev-insert-medium', { id, 'node-name': formatNode(id) }))
  await qmp.execute('blockdev-close-tray', { id })
}

/** Takes the disc out. Throws `conflict` where the guest holds the tray and `force` is not given. */
export function ejectDisc(core: MachineCore, driveId: DeviceId | undefined, force: boolean): Promise<void> {
  return core.queue.run(async () => {
    core.require('changed', editableStates)
    const drive = findDrive(core.config, driveId)
    await openTray(core, drive, force)
    await takeOut(core, drive)
    await setMedium(core, drive.id, null)
    await removeMedium(core.names, drive.id)
  })
}

/** Takes the medium from the drive and closes its file: the disc may be deleted then. The tray must be open. */
async function takeOut(core: MachineCore, drive: Cdrom): Promise<void> {
  const { id } = drive
  if (!isPlugged(core, id)) return
  const { qmp } = liveOf(core)
  await whileOpen(core, drive, () => qmp.execute('blockdev-remove-medium', { id }))
  const nodes = new Set((await qmp.execute('query-named-block-nodes', { flat: true })).map((node) => node['node-name']))
  for (const name of [formatNode(id), storageNode(id)]) if (nodes.has(name)) await qmp.execute('blockdev-del', { 'node-name': name })
}

/** Does one step that needs the tray open. A guest that looks at its drive just then closes it; it is opened again. */
async function whileOpen(core: MachineCore, drive: Cdrom, step: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await openTray(core, drive, true)
    try {
      await step()
      return
    } catch (error) {
      if (attempt === 10 || !isMayflyError(error, 'qmp-failed')) throw error
    }
  }
}

async function openTray(core: MachineCore, drive: Cdrom, force: boolean): Promise<void> {
  if (!isPlugged(core, drive.id)) return
  const { qmp } = liveOf(core)
  const tray = async (): Promise<{ open: boolean; locked: boolean }> => {
    const block = (await qmp.execute('query-block')).find((candidate) => candidate.qdev === drive.id || candidate.qdev?.endsWith(`/${drive.id}`) === true)
    return { open: block?.tray_open ?? true, locked: block?.locked ?? false }
  }
  if ((await tray()).open) return
  await qmp.execute('blockdev-open-tray', { id: drive.id, force })
  // A locked tray is opened by the guest, which is asked first and may take a moment or refuse.
  const deadline = performance.now() + 3_000
  while (!(await tray()).open) {
    if (performance.now() > deadline) {
      throw new MayflyError('conflict', `The guest of ${core.name} holds the tray of ${drive.id}. The disc stays in.`, { state: 'locked', allowed: [] }, { next: 'Unmount it in the guest, or use --force.' })
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (force) await qmp.execute('blockdev-open-tray', { id: drive.id, force })
  }
}

function setMedium(core: MachineCore, id: DeviceId, image: ImageId | null): Promise<void> {
  const change = (config: MachineConfig): MachineConfig => ({ ...config, cdroms: config.cdroms.map((drive) => (drive.id === id ? { ...drive, image } : drive)) })
  return editBoth(core, change)
}

function isPlugged(core: MachineCore, id: DeviceId): boolean {
  return hasProcess(core.state) && core.run?.config.cdroms.some((drive) => drive.id === id) === true
}

function findDrive(config: MachineConfig, id: DeviceId | undefined): Cdrom {
  const drive = id === undefined ? config.cdroms[0] : config.cdroms.find((candidate) => candidate.id === id)
  if (drive === undefined) throw new MayflyError('not-found', `${config.name} has no CD drive${id === undefined ? '' : ` ${id}`}.`, { kind: 'CD drive', ref: id ?? 'cd0' })
  return drive
}
