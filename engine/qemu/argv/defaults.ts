/** What a new machine is when its owner says little: good defaults by image and profile. */
import type { Cdrom, Disk, DiskBus, Display, Firmware } from '../../../contract/device.ts'
import { MayflyError } from '../../../contract/errors.ts'
import type { Image } from '../../../contract/image.ts'
import type { MachineConfig, Profile } from '../../../contract/machine.ts'
import type { CreateRequest } from '../../../contract/procedures/machine.ts'
import type { Capabilities } from './capabilities.ts'
import { displayDriver } from './devices/display.ts'

export type ImageFacts = Pick<Image, 'id' | 'kind' | 'virtualBytes'>

export interface HostFacts {
  /** Logical CPUs of the host. */
  readonly cpus: number
  readonly memoryMiB: number
  /** Null where QEMU is missing. */
  readonly capabilities: Capabilities | null
}

const bytesPerMiB = 1024 * 1024
const smallestSensibleMemoryMiB = 256

/** A kernel that is started directly brings a small system: its disk is for data. An installer needs room. */
const bySource = {
  kernel: { memoryMiB: 512, diskMiB: 1024 },
  disk: { memoryMiB: 2048, diskMiB: 1 },
  iso: { memoryMiB: 2048, diskMiB: 20 * 1024 },
  none: { memoryMiB: 2048, diskMiB: 20 * 1024 },
} as const

/** What each profile is made of. Sound where a desktop may come: a kernel that is started directly brings none. */
const byProfile = {
  paravirtual: { diskBus: 'virtio-blk', nic: 'virtio-net', display: 'virtio-vga', sound: true, usb: true, rng: true, balloon: true, vmgenid: true },
  compatible: { diskBus: 'sata', nic: 'e1000e', display: 'std', sound: true, usb: true, rng: false, balloon: false, vmgenid: false },
  micro: { diskBus: 'virtio-blk', nic: 'virtio-net', display: 'none', sound: false, usb: false, rng: true, balloon: false, vmgenid: false },
} as const satisfies Record<Profile, { diskBus: DiskBus } & Record<string, unknown>>

/**
 * The configuration of a new machine. `image` is the image the request names, if it names one.
 * Throws `invalid-input` where the disk is asked to be smaller than its image.
 */
export function defaultMachineConfig(request: CreateRequest, image: ImageFacts | null, host: HostFacts, stop: MachineConfig['stop'] = { timeoutSeconds: 60, onTimeout: 'ask' }): MachineConfig {
  const profile = request.profile ?? 'paravirtual'
  const make = byProfile[profile]
  const source = bySource[image?.kind ?? 'none']
  return {
    name: request.name,
    notes: request.notes ?? '',
    tags: request.tags ?? [],
    profile,
    accelerator: request.accelerator ?? 'auto',
    cpuModel: 'auto',
    cpus: request.cpus ?? Math.max(1, Math.min(2, host.cpus)),
    memoryMiB: request.memoryMiB ?? Math.min(source.memoryMiB, Math.max(smallestSensibleMemoryMiB, Math.floor(host.memoryMiB / 2))),
    firmware: firmware(request),
    ...(image?.kind === 'kernel' ? { directBoot: { image: image.id, extraCommandLine: '' } } : {}),
    disks: [systemDisk(request, image, source.diskMiB, request.diskBus ?? make.diskBus)],
    cdroms: profile === 'micro' ? [] : [cdDrive(image)],
    nics: [{ id: 'nic0', model: make.nic, network: { kind: 'user', restrict: false, forwards: request.forwards ?? [] }, connected: true }],
    display: { model: request.display ?? presentDisplay(make.display, host.capabilities) },
    sound: request.sound ?? (make.sound && image?.kind !== 'kernel' && request.display !== 'none' ? 'on' : 'none'),
    clipboard: false,
    usb: { controller: make.usb, tablet: make.usb },
    rng: make.rng,
    balloon: make.balloon,
    vmgenid: make.vmgenid,
    tpm: request.tpm ?? false,
    stop,
  }
}

/** Empty unless the machine is installed from a disc: a drive cannot be plugged in later, a disc can. */
function cdDrive(image: ImageFacts | null): Cdrom {
  return { id: 'cd0', bus: 'sata', image: image?.kind === 'iso' ? image.id : null, ...(image?.kind === 'kernel' ? {} : { bootIndex: 2 }) }
}

/** Who asks for Secure Boot asks for UEFI. */
function firmware(request: CreateRequest): Firmware {
  const secureBoot = request.secureBoot ?? false
  return { kind: request.firmware ?? (secureBoot ? 'uefi' : 'bios'), secureBoot }
}

/** Some distributions keep virtio-vga in a package of its own; every QEMU has the standard card. */
function presentDisplay(model: Display['model'], capabilities: Capabilities | null): Display['model'] {
  const driver = displayDriver(model)
  return driver === null || capabilities === null || capabilities.devices.includes(driver) ? model : 'std'
}

/**
 * First in the boot order, before the CD: an empty disk is passed over, and once the installer has
 * filled it, the machine starts from it with the disc still in the drive.
 */
function systemDisk(request: CreateRequest, image: ImageFacts | null, defaultMiB: number, bus: DiskBus): Disk {
  const imageMiB = image?.kind === 'disk' ? Math.ceil((image.virtualBytes ?? 0) / bytesPerMiB) : 0
  if (request.diskMiB !== undefined && request.diskMiB < imageMiB) {
    const message = `The disk cannot be smaller than its image, which is ${imageMiB} MiB.`
    throw new MayflyError('invalid-input', message, { issues: [{ path: 'diskMiB', message }] })
  }
  return {
    id: 'disk0',
    label: '',
    bus,
    sizeMiB: request.diskMiB ?? Math.max(defaultMiB, imageMiB),
    readOnly: false,
    cache: 'safe',
    ...(image?.kind === 'kernel' ? {} : { bootIndex: 1 }),
  }
}
