/** The end of a log as text, across its last rotation. */
import { stat } from 'node:fs/promises'
import { readPart } from './capped-log.ts'
import { withoutCutCharacter } from './utf8-text.ts'

export interface LogTail {
  readonly text: string
  /** Whether the log has more before it. */
  readonly truncated: boolean
}

/** The last `tailBytes` bytes of a log and of `<name>.1` before it. A log that is not there yet is empty. */
export async function readTail(path: string, tailBytes: number): Promise<LogTail> {
  const { bytes, truncated } = await readTailBytes(path, tailBytes)
  return { text: (truncated ? withoutCutCharacter(bytes) : bytes).toString('utf8'), truncated }
}

async function readTailBytes(path: string, tailBytes: number): Promise<{ bytes: Buffer; truncated: boolean }> {
  const size = await sizeOf(path)
  const newest = await readPart(path, Math.max(0, size - tailBytes), tailBytes)
  const missing = tailBytes - newest.length
  if (size > tailBytes) return { bytes: newest, truncated: true }
  const previous = `${path}.1`
  const previousSize = await sizeOf(previous)
  const older = await readPart(previous, Math.max(0, previousSize - missing), missing)
  return { bytes: Buffer.concat([older, newest]), truncated: previousSize > missing }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then((stats) => stats.size, () => 0)
}
