/** What a machine of ours is made of what an OVF describes. Pure; what is not taken over is said. */
import type { DiskBus, Nic } from '../../contract/device.ts'
import type { Ovf, OvfItem } from './read-ovf.ts'

export interface PlannedDisk {
  /** Its file's name in the archive. */
  readonly file: string
  readonly bus: DiskBus
}

export interface AppliancePlan {
  readonly name: string
  readonly cpus: number
  readonly memoryMiB: number
  readonly firmware: 'bios' | 'uefi'
  readonly disks: readonly PlannedDisk[]
  readonly nics: readonly Nic['model'][]
  readonly hasSound: boolean
  readonly warnings: readonly string[]
}

/** CIM_ResourceAllocationSettingData.ResourceType (DMTF DSP1041). */
const resource = { cpu: 3, memory: 4, ide: 5, scsi: 6, ethernet: 10, floppy: 14, cd: 15, disk: 17, storage: 20, sound: 35 } as const

const mostDisks = 24
const mostNics = 8
const sataPortsForDisks = 5

/** Throws an Error with a sentence for people where no machine can be made of it. */
export function planAppliance(ovf: Ovf): AppliancePlan {
  if (ovf.systems === 0) throw new Error('Its description has no machine in it.')
  const warnings: string[] = []
  const of = (type: number): OvfItem[] => ovf.items.filter((item) => item.type === type)
  if (ovf.systems > 1) warnings.push(`It describes ${ovf.systems} machines; only the first is made.`)
  if (ovf.hasProperties) warnings.push('It asks for values to be given to the guest at its first start; they are not asked for, and the guest does without.')
  if (of(resource.floppy).length > 0) warnings.push('Its floppy drive is left out.')

  const disks = planDisks(ovf, warnings)
  const cards = of(resource.ethernet)
  if (cards.length > mostNics) warnings.push(`Of its ${cards.length} network cards, ${mostNics} are made.`)
  if (cards.length > 0) warnings.push('Its network cards are all on the user network: they reach out, and only forwarded ports lead in.')
  return {
    name: ovf.name,
    cpus: Math.min(Math.max(of(resource.cpu)[0]?.quantity ?? 1, 1), 288),
    memoryMiB: memoryOf(of(resource.memory)[0], warnings),
    firmware: ovf.isUefi ? 'uefi' : 'bios',
    disks,
    nics: cards.slice(0, mostNics).map(({ subType }) => (/virtio/i.test(subType) ? 'virtio-net' : 'e1000e')),
    hasSound: of(resource.sound).length > 0,
    warnings,
  }
}

function planDisks(ovf: Ovf, warnings: string[]): PlannedDisk[] {
  const byId = new Map(ovf.items.map((item) => [item.id, item]))
  const items = ovf.items.filter(({ type }) => type === resource.disk).toSorted((one, other) => Number(one.parent) - Number(other.parent) || one.place - other.place)
  const planned: PlannedDisk[] = []
  for (const item of items.length > 0 ? items : ovf.disks.map((disk) => ({ resource: `/disk/${disk.id}`, parent: '' }))) {
    const id = /\/disk\/(.+)$/.exec(item.resource)?.[1] ?? ''
    const disk = ovf.disks.find((candidate) => candidate.id === id)
    const file = ovf.files.get(disk?.file ?? '')
    if (disk === undefined || file === undefined) {
      warnings.push('A disk without content is left out; add a blank one.')
      continue
    }
    if (file.compression !== '' && file.compression !== 'identity') throw new Error(`Its disk ${file.name} is compressed (${file.compression}) in a way that is not read.`)
    planned.push({ file: file.name, bus: busOf(byId.get(item.parent), planned) })
  }
  if (planned.length === 0) throw new Error('Its description names no disk.')
  if (planned.length > mostDisks) throw new Error(`It has ${planned.length} disks; a machine has at most ${mostDisks}.`)
  const others = planned.filter(({ bus }) => bus === 'virtio-scsi').length
  if (others > 0) warnings.push('Not all of its disks fit the SATA ports; the others are on virtio-scsi, for which the guest needs a driver.')
  return planned
}

/** A guest boots where it has a driver: SATA is known to all that know IDE, SCSI or SATA today. */
function busOf(controller: OvfItem | undefined, earlier: readonly PlannedDisk[]): DiskBus {
  const kind = controller?.subType ?? ''
  if (/nvme/i.test(kind)) return 'nvme'
  if (/^virtio-?scsi/i.test(kind)) return 'virtio-scsi'
  if (/virtio/i.test(kind)) return 'virtio-blk'
  return earlier.filter(({ bus }) => bus === 'sata').length < sataPortsForDisks ? 'sata' : 'virtio-scsi'
}

/** `byte * 2^20`, or as older programs write it, `MegaBytes`. */
function memoryOf(item: OvfItem | undefined, warnings: string[]): number {
  if (item?.quantity == null) {
    warnings.push('It does not say how much memory it needs; it gets 2 GiB.')
    return 2048
  }
  const power = /2\s*\^\s*([0-9]{1,2})/.exec(item.units)?.[1]
  const named = /giga/i.test(item.units) ? 30 : /kilo/i.test(item.units) ? 10 : /^byte$/i.test(item.units) ? 0 : 20
  const mebibytes = Math.floor((item.quantity * 2 ** (power === undefined ? named : Number(power))) / 2 ** 20)
  return Math.min(Math.max(mebibytes, 16), 16 * 1024 * 1024)
}
