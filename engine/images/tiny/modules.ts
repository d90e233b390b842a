/**
 * Which kernel modules the tiny guest carries: drivers for every device that a machine of ours
 * can have, file systems to read what users attach, and whatever those need. The dependencies
 * are read from the modules themselves, since a package that was only unpacked has no
 * modules.dep. What the kernel has built in is simply not found and not needed.
 */
import type { Buffer } from 'node:buffer'
import { moduleInfo } from './elf.ts'

export const wantedModules = [
  // Buses and the paravirtual devices
  'virtio_pci', 'virtio_mmio', 'virtio_console', 'virtio_blk', 'virtio_scsi', 'virtio_net', 'virtio_balloon', 'virtio_rng', 'virtio_input', 'virtio_mem',
  // Full virtualization: disks, network
  'ahci', 'ata_piix', 'ata_generic', 'nvme', 'sd_mod', 'sr_mod', 'e1000e', 'e1000',
  // USB, input, power
  'xhci_pci', 'ehci_pci', 'uhci_hcd', 'usbhid', 'hid_generic', 'usb_storage', 'psmouse', 'evdev', 'button',
  // Screens
  'virtio_gpu', 'bochs', 'simpledrm', 'qxl',
  // Watchdog, panic, TPM, identity
  'i6300esb', 'iTCO_wdt', 'pvpanic_pci', 'pvpanic_mmio', 'tpm_tis', 'tpm_crb', 'vmgenid', 'qemu_fw_cfg', 'rtc_cmos',
  // File systems and what they ask for by name at run time
  'ext4', 'crc32c_generic', 'crc32c_intel', 'isofs', 'vfat', 'nls_cp437', 'nls_ascii', 'nls_utf8', 'nls_iso8859_1', 'virtiofs', 'fuse', '9p', '9pnet_virtio', 'loop', 'overlay',
  // DHCP needs raw packets
  'af_packet',
] as const

export interface KernelModule {
  readonly name: string
  /** Below `lib/modules/<release>/`, with the compression's suffix removed. */
  readonly path: string
  readonly bytes: Buffer
  readonly dependencies: readonly string[]
  readonly aliases: readonly string[]
}

/** Hyphens and underscores are the same in a module's name. */
export function moduleName(file: string): string {
  return (file.split('/').pop() ?? '').replace(/\.ko(\.\w+)?$/, '').replaceAll('-', '_')
}

/**
 * The wanted modules and all that they need, each after its dependencies.
 * `read` gives a module's plain bytes, or null where the kernel has no such module.
 */
export async function moduleClosure(wanted: readonly string[], read: (name: string) => Promise<{ path: string; bytes: Buffer } | null>): Promise<KernelModule[]> {
  const ordered: KernelModule[] = []
  const seen = new Set<string>()
  const visit = async (name: string): Promise<void> => {
    if (seen.has(name)) return
    seen.add(name)
    const found = await read(name)
    if (found === null) return
    const info = moduleInfo(found.bytes, found.path)
    const values = (key: string): string[] => info.filter((pair) => pair.key === key).map((pair) => pair.value)
    const hard = values('depends').flatMap((list) => list.split(',')).filter((dependency) => dependency !== '').map(moduleName)
    const soft = values('softdep').flatMap((text) => /(?:^|\s)pre:\s*(.*?)(?:\s*post:|$)/.exec(text)?.[1]?.split(/\s+/) ?? []).map(moduleName)
    for (const dependency of [...hard, ...soft]) await visit(dependency)
    ordered.push({ name, ...found, dependencies: hard, aliases: values('alias') })
  }
  for (const name of wanted) await visit(name)
  return ordered
}

/** `modules.dep` and `modules.alias` as modprobe reads them: the last dependency of a line is loaded first. */
export function moduleIndexes(modules: readonly KernelModule[]): { readonly dep: string; readonly alias: string } {
  const closures = new Map<string, ReadonlySet<string>>()
  const dep: string[] = []
  for (const module of modules) {
    const needed = new Set(module.dependencies.flatMap((name) => [name, ...(closures.get(name) ?? [])]))
    closures.set(module.name, needed)
    const paths = modules.filter(({ name }) => needed.has(name)).map(({ path }) => ` ${path}`)
    dep.push(`${module.path}:${paths.reverse().join('')}\n`)
  }
  const alias = modules.flatMap((module) => module.aliases.map((pattern) => `alias ${pattern} ${module.name}\n`))
  return { dep: dep.join(''), alias: alias.join('') }
}
