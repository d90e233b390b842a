/** UEFI firmware of one machine: the host's code, and variables of its own that it keeps. */
import { MayflyError } from '../../contract/errors.ts'
import { ensureNvram } from '../qemu/firmware/ensure-nvram.ts'
import { findUefiFirmware } from '../qemu/firmware/find-firmware.ts'
import type { MachinePaths } from '../qemu/argv/machine-paths.ts'
import type { QemuInstallation } from '../qemu/capabilities/qemu-installation.ts'
import { convertToQcow2 } from '../qemu/img/convert-image.ts'
import type { MachineFolderNames } from '../storage/names.ts'

/** Finds the code and makes the variables at the first start. Throws `host-unavailable` where no firmware is installed. */
export async function firmwarePaths(names: MachineFolderNames, secureBoot: boolean, machineType: string, installation: QemuInstallation): Promise<NonNullable<MachinePaths['firmware']>> {
  const found = await findUefiFirmware({ secureBoot, machineType })
  if (found === null) {
    throw new MayflyError('host-unavailable', `No UEFI firmware${secureBoot ? ' with Secure Boot' : ''} is installed.`, { check: 'firmware' }, { next: 'Install OVMF (package ovmf or edk2-ovmf), or choose BIOS.' })
  }
  await ensureNvram(names.nvram, found.nvramTemplate, (source, target) => convertToQcow2(installation, { source: source.path, sourceFormat: source.format, target }))
  return { code: found.code.path, codeFormat: found.code.format, nvram: names.nvram }
}
