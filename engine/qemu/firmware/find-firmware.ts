/**
 * Finds UEFI firmware on this host: by the descriptors distributions install for QEMU, else in the
 * places known for hosts without them.
 */
import { access, constants } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type FirmwareDescriptor, readFirmwareDescriptors } from './firmware-descriptor.ts'

export interface FirmwareFile {
  readonly path: string
  readonly format: 'raw' | 'qcow2'
}

export interface UefiFirmware {
  readonly code: FirmwareFile
  /** A fresh variable store; each machine gets its own copy. */
  readonly nvramTemplate: FirmwareFile
  /** With keys enrolled, so that Secure Boot is on from the first start. */
  readonly secureBoot: boolean
}

export interface FirmwareQuery {
  readonly secureBoot: boolean
  /** The versioned machine type it must run on: `pc-q35-7.2`. */
  readonly machineType: string
}

/** Where to look; tests have places of their own. */
export interface FirmwarePlaces {
  readonly descriptorFolders: readonly string[]
  /** Candidates where no descriptor helps, best first. */
  readonly knownFirmware: readonly UefiFirmware[]
}

/** The firmware for such a machine, or null where none is installed. */
export async function findUefiFirmware(query: FirmwareQuery, places: FirmwarePlaces = installedPlaces()): Promise<UefiFirmware | null> {
  const described = (await readFirmwareDescriptors(places.descriptorFolders)).filter((descriptor) => suits(descriptor, query)).map(fromDescriptor)
  const known = places.knownFirmware.filter((firmware) => firmware.secureBoot === query.secureBoot)
  for (const firmware of [...described, ...known]) {
    if ((await isReadable(firmware.code.path)) && (await isReadable(firmware.nvramTemplate.path))) return firmware
  }
  return null
}

/**
 * Without Secure Boot, firmware that needs system management mode is passed over: KVM may not have
 * it. With it, firmware without enrolled keys is: its machine would start with Secure Boot off.
 */
function suits(descriptor: FirmwareDescriptor, { secureBoot, machineType }: FirmwareQuery): boolean {
  const has = (feature: string): boolean => descriptor.features.includes(feature)
  const runsHere = descriptor.targets.some(({ architecture, machines }) => architecture === 'x86_64' && machines.some((pattern) => matches(pattern, machineType)))
  const security = secureBoot ? has('secure-boot') && has('enrolled-keys') && has('requires-smm') : !has('requires-smm') && !has('enrolled-keys')
  return descriptor['interface-types'].includes('uefi') && runsHere && security
}

/** `pc-q35-*`: glob patterns, of which descriptors use only the star. */
function matches(pattern: string, machineType: string): boolean {
  const [head = '', ...tails] = pattern.split('*')
  if (tails.length === 0) return machineType === head
  if (!machineType.startsWith(head)) return false
  let rest = machineType.slice(head.length)
  const last = tails.pop() ?? ''
  for (const part of tails) {
    const found = rest.indexOf(part)
    if (found === -1) return false
    rest = rest.slice(found + part.length)
  }
  return rest.endsWith(last)
}

function fromDescriptor({ mapping, features }: FirmwareDescriptor): UefiFirmware {
  const file = ({ filename, format }: FirmwareDescriptor['mapping']['executable']): FirmwareFile => ({ path: filename, format })
  return { code: file(mapping.executable), nvramTemplate: file(mapping['nvram-template']), secureBoot: features.includes('enrolled-keys') }
}

async function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  )
}

/** The user's folder first, then the administrator's, then the distribution's (docs/interop/firmware.json). */
function installedPlaces(): FirmwarePlaces {
  const config = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config')
  return {
    descriptorFolders: [join(config, 'qemu/firmware'), '/etc/qemu/firmware', '/usr/share/qemu/firmware'],
    knownFirmware,
  }
}

const raw = (code: string, nvramTemplate: string, secureBoot: boolean): UefiFirmware => ({
  code: { path: code, format: 'raw' },
  nvramTemplate: { path: nvramTemplate, format: 'raw' },
  secureBoot,
})

const knownFirmware: readonly UefiFirmware[] = [
  // Debian, Ubuntu
  raw('/usr/share/OVMF/OVMF_CODE_4M.ms.fd', '/usr/share/OVMF/OVMF_VARS_4M.ms.fd', true),
  raw('/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd', false),
  // Fedora, RHEL
  raw('/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd', '/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd', true),
  raw('/usr/share/edk2/ovmf/OVMF_CODE.fd', '/usr/share/edk2/ovmf/OVMF_VARS.fd', false),
  // Arch
  raw('/usr/share/edk2/x64/OVMF_CODE.4m.fd', '/usr/share/edk2/x64/OVMF_VARS.4m.fd', false),
  // openSUSE
  raw('/usr/share/qemu/ovmf-x86_64-smm-ms-code.bin', '/usr/share/qemu/ovmf-x86_64-smm-ms-vars.bin', true),
  raw('/usr/share/qemu/ovmf-x86_64-4m-code.bin', '/usr/share/qemu/ovmf-x86_64-4m-vars.bin', false),
  // QEMU built from source
  raw('/usr/local/share/qemu/edk2-x86_64-code.fd', '/usr/local/share/qemu/edk2-i386-vars.fd', false),
]
