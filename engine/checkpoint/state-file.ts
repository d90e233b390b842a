/**
 * The state of a checkpoint's devices in its file. Most of it is the graphics card's memory, which is a picture with few
 * colours: packed it takes a twenty-fifth, 0.2 MB instead of 4.9. A stream with RAM in it is what QEMU wrote, as
 * it came, and so is what an earlier Mayfly wrote; its first bytes tell (`QEVM`, against those of RFC 1950).
 */
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { constants, deflate, inflate } from 'node:zlib'
import { MayflyError } from '../../contract/errors.ts'
import type { DeviceState } from '../machine/saved-point.ts'
import { describeWriteFailure } from '../storage/atomic-file.ts'

/** Far more than any machine's devices have. */
const mostBytes = 1024 * 1024 * 1024
/** Deflate in its usual window, the first byte of RFC 1950. */
const packedMark = 0x78

/** Writes it whole; survives a power cut when it resolves. Throws `no-space`. */
export async function writeStateFile(path: string, state: Uint8Array): Promise<void> {
  const packed = await promisify(deflate)(state, { level: constants.Z_BEST_SPEED })
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(packed)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    throw await describeWriteFailure(path, error)
  }
}

/** What a machine begins from. Throws `storage-corrupt` where it is torn or damaged. */
export async function readStateFile(path: string): Promise<DeviceState> {
  const file = await open(path, 'r')
  try {
    const [mark] = (await file.read(Buffer.alloc(1), 0, 1, 0)).buffer
    if (mark !== packedMark) return { file: path }
    return await promisify(inflate)(await file.readFile(), { maxOutputLength: mostBytes })
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string' || !error.code.startsWith('Z_')) throw error
    throw new MayflyError('storage-corrupt', `The saved state of the devices ${path} is damaged. Disks are not concerned.`, { file: path, reason: 'it is torn or damaged' }, { next: 'Restore only the disks, or delete the checkpoint.' })
  } finally {
    await file.close()
  }
}
