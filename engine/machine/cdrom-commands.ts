/** Discs in and out of a machine's CD drives, also while it runs. */
import { MayflyError } from '../../contract/errors.ts'
import type { Cdrom } from '../../contract/device.ts'
import type { DeviceId, ImageId } from '../../contract/ids.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { editBoth, editableStates } from './edit.ts'
import type { MachineCore } from './machine-core.ts'
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
    await placeMedium(core.names, drive.id, core.context.images, image.id)
    if (isPlugged(core, drive.id)) {
      await liveOf(core).qmp.execute('blockdev-change-medium', { id: drive.id, filename: cdromPath(core.names, drive.id), format: 'raw', 'read-only-mode': 'read-only', force: true })
    }
    await setMedium(core, drive.id, image.id)
  })
}

/** Takes the disc out. Throws `conflict` where the guest holds the tray and `force` is not given. */
export function ejectDisc(core: MachineCore, driveId: DeviceId | undefined, force: boolean): Promise<void> {
  return core.queue.run(async () => {
    core.require('changed', editableStates)
    const drive = findDrive(core.config, driveId)
    await openTray(core, drive, force)
    if (isPlugged(core, drive.id)) await liveOf(core).qmp.execute('blockdev-remove-medium', { id: drive.id })
    await removeMedium(core.names, drive.id)
    await setMedium(core, drive.id, null)
  })
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
