/** UEFI variables and TPM state of a fork: small, written in place, and so copied. Nothing here waits for the disk. */
import { constants, copyFile, cp } from 'node:fs/promises'
import type { Belongings } from '../checkpoint/belongings.ts'
import { describeWriteFailure } from '../storage/atomic-file.ts'

export type Firmware = Pick<Belongings, 'nvram' | 'tpm'>

/** Copies what there is. The guest of `from` must stand still, or be off. Throws `no-space`. */
export async function copyFirmware(from: Firmware, to: Firmware): Promise<void> {
  try {
    await Promise.all([
      copyFile(from.nvram, to.nvram, constants.COPYFILE_FICLONE).catch(ignoreMissing),
      cp(from.tpm, to.tpm, { recursive: true, mode: constants.COPYFILE_FICLONE }).catch(ignoreMissing),
    ])
  } catch (error) {
    throw await describeWriteFailure(to.nvram, error)
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
