/** UEFI firmware as two flash chips: the code, shared and read only, and the machine's own variables. */
import type { Firmware } from '../../../../contract/device.ts'
import { MayflyError } from '../../../../contract/errors.ts'
import type { DeviceArguments } from '../device-arguments.ts'
import type { MachinePaths } from '../machine-paths.ts'
import { firmwareId, formatNode, nvramId, storageNode } from '../qemu-ids.ts'

export function firmwareArguments(firmware: Firmware, files: MachinePaths['firmware']): DeviceArguments {
  if (firmware.kind === 'bios') return {}
  if (files === null) throw new MayflyError('bug', 'The machine has UEFI firmware and its files were not given.', { reference: 'argv:firmware' })
  return {
    blockdevs: [
      { driver: 'file', 'node-name': storageNode(firmwareId), filename: files.code, 'read-only': true },
      { driver: files.codeFormat, 'node-name': formatNode(firmwareId), 'read-only': true, file: storageNode(firmwareId), ...(files.codeFormat === 'qcow2' ? { backing: null } : {}) },
      { driver: 'file', 'node-name': storageNode(nvramId), filename: files.nvram, 'auto-read-only': true },
      { driver: 'qcow2', 'node-name': formatNode(nvramId), 'read-only': false, file: storageNode(nvramId), backing: null },
    ],
  }
}

/** Options of `-machine` that put the two nodes into the board's flash. */
export function flashOptions(firmware: Firmware): Record<string, string> {
  return firmware.kind === 'bios' ? {} : { pflash0: formatNode(firmwareId), pflash1: formatNode(nvramId) }
}
