/**
 * Rules between fields, each a function from the configuration to what is wrong. Paths name a
 * device by its id, as everywhere: `disks.disk0.bus`.
 */
import type { Nic, PortForward } from '../../../contract/device.ts'
import type { MachineConfig } from '../../../contract/machine.ts'
import { mmioTransports, sataPorts } from './places.ts'

export interface ConfigIssue {
  readonly path: string
  readonly message: string
}

type Rule = (config: MachineConfig) => ConfigIssue[]

/** Everything that does not fit, in the order of the rules. */
export function configIssues(config: MachineConfig): ConfigIssue[] {
  return rules.flatMap((rule) => rule(config))
}

const when = (condition: boolean, path: string, message: string): ConfigIssue[] => (condition ? [{ path, message }] : [])

interface BootableDevice {
  readonly path: string
  readonly id: string
  readonly bootIndex?: number | undefined
}

function devicesOf(config: MachineConfig): BootableDevice[] {
  return [
    ...config.disks.map((disk) => ({ ...disk, path: `disks.${disk.id}` })),
    ...config.cdroms.map((cdrom) => ({ ...cdrom, path: `cdroms.${cdrom.id}` })),
    ...config.nics.map((nic) => ({ ...nic, path: `nics.${nic.id}` })),
  ]
}

const topologyFits: Rule = ({ topology, cpus }) => {
  if (topology === undefined) return []
  const product = topology.sockets * topology.cores * topology.threads
  return when(product !== cpus, 'topology', `Sockets times cores times threads is ${product}, and the machine has ${cpus} CPUs.`)
}

const secureBootNeedsUefi: Rule = ({ firmware }) => when(firmware.secureBoot && firmware.kind !== 'uefi', 'firmware.secureBoot', 'Secure Boot needs UEFI firmware.')

const idsDiffer: Rule = (config) => {
  const seen = new Set<string>()
  return devicesOf(config).flatMap((device) => {
    const repeated = seen.has(device.id)
    seen.add(device.id)
    return when(repeated, device.path, `Two devices are called ${device.id}.`)
  })
}

const bootOrderIsClear: Rule = (config) => {
  const holder = new Map<number, string>()
  return devicesOf(config).flatMap((device) => {
    if (device.bootIndex === undefined) return []
    const other = holder.get(device.bootIndex)
    if (other === undefined) {
      holder.set(device.bootIndex, device.id)
      return []
    }
    return [{ path: `${device.path}.bootIndex`, message: `${other} and ${device.id} have the same place in the boot order, ${device.bootIndex}.` }]
  })
}

/** 0.0.0.0 listens on every address, so it meets every other. */
function meets(one: PortForward, other: PortForward): boolean {
  const anyAddress = '0.0.0.0'
  const sameAddress = one.hostAddress === other.hostAddress || one.hostAddress === anyAddress || other.hostAddress === anyAddress
  return one.protocol === other.protocol && one.hostPort === other.hostPort && sameAddress
}

const hostPortsDiffer: Rule = ({ nics }) => {
  const earlier: PortForward[] = []
  return nics.flatMap((nic: Nic) =>
    nic.network.forwards.flatMap((forward, index) => {
      const taken = earlier.some((other) => meets(other, forward))
      earlier.push(forward)
      return when(taken, `nics.${nic.id}.network.forwards.${index}`, `The host's port ${forward.hostPort}/${forward.protocol} is forwarded twice.`)
    }),
  )
}

const tabletNeedsController: Rule = ({ usb }) => when(usb.tablet && !usb.controller, 'usb.tablet', 'The tablet needs the USB controller.')

/** It reaches the guest over the connection that shows the screen. */
const clipboardNeedsScreen: Rule = ({ clipboard, display }) => when(clipboard && display.model === 'none', 'clipboard', 'The clipboard is shared through the screen, and the machine has none.')

const sataHasRoom: Rule = ({ disks, cdroms }) => {
  const onSata = [...disks.map(({ id, bus }) => ({ path: `disks.${id}.bus`, bus })), ...cdroms.map(({ id, bus }) => ({ path: `cdroms.${id}.bus`, bus }))].filter(({ bus }) => bus === 'sata')
  return onSata.slice(sataPorts).map(({ path }) => ({ path, message: `A machine has ${sataPorts} SATA ports, and all are taken.` }))
}

/** QEMU refuses it (hw/ide/core.c, ide_init_drive): ATA disks have no write protection. */
const sataIsWritable: Rule = ({ disks }) => disks.flatMap((disk) => when(disk.readOnly && disk.bus === 'sata', `disks.${disk.id}.readOnly`, 'A SATA disk cannot be read-only; attach it by another bus.'))

const microIsSmall: Rule = (config) => {
  if (config.profile !== 'micro') return []
  const says = (what: string): string => `A micro machine has ${what}.`
  return [
    ...when(config.firmware.kind !== 'bios', 'firmware.kind', says('no UEFI firmware')),
    ...when(config.display.model !== 'none', 'display.model', says('no graphics card')),
    ...when(config.usb.controller || config.usb.tablet, 'usb', says('no USB')),
    ...when(config.sound !== 'none', 'sound', says('no sound card')),
    ...when(config.tpm, 'tpm', says('no TPM')),
    ...when(config.vmgenid, 'vmgenid', says('no table to announce a generation ID in')),
    ...when(config.watchdog !== undefined, 'watchdog', says('no PCI bus for a watchdog')),
    ...config.cdroms.map(({ id }) => ({ path: `cdroms.${id}`, message: says('no CD drive') })),
    ...config.disks.flatMap(({ id, bus }) => when(bus !== 'virtio-blk', `disks.${id}.bus`, says('virtio-blk disks only'))),
    ...config.nics.flatMap(({ id, model, bootIndex }) => [
      ...when(model !== 'virtio-net', `nics.${id}.model`, says('virtio-net cards only')),
      ...when(bootIndex !== undefined, `nics.${id}.bootIndex`, says('no firmware that boots from the network')),
    ]),
    ...when(virtioTransports(config) > mmioTransports, 'disks', says(`room for ${mmioTransports} devices`)),
  ]
}

/** With the controller of the agents' ports, which every machine has. */
function virtioTransports(config: MachineConfig): number {
  return 1 + config.disks.length + config.nics.length + Number(config.rng) + Number(config.balloon)
}

const rules: readonly Rule[] = [topologyFits, secureBootNeedsUefi, idsDiffer, bootOrderIsClear, hostPortsDiffer, tabletNeedsController, clipboardNeedsScreen, sataHasRoom, sataIsWritable, microIsSmall]
