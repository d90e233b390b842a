/**
 * A machine's own UEFI variables. Always qcow2, from the first start: QEMU cannot put raw flash
 * into a RAM checkpoint.
 */
import { access, rename, rm } from 'node:fs/promises'
import type { FirmwareFile } from './find-firmware.ts'

/** Converts `source` into a qcow2 file at `target`, which does not exist; `engine/qemu/img` has it. */
export type ConvertToQcow2 = (source: FirmwareFile, target: string) => Promise<void>

/**
 * Makes the variable store at `nvramPath` from the template, unless there is one: that one is
 * never touched. It appears whole or not at all; errors are those of `convert`.
 */
export async function ensureNvram(nvramPath: string, template: FirmwareFile, convert: ConvertToQcow2): Promise<void> {
  const exists = await access(nvramPath).then(
    () => true,
    () => false,
  )
  if (exists) return
  const unfinished = `${nvramPath}.new`
  await rm(unfinished, { force: true })
  try {
    await convert(template, unfinished)
    await rename(unfinished, nvramPath)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}
