/** Undoes whatever compression the bytes themselves name: kernels and modules come in all of them. */
import { Buffer } from 'node:buffer'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { MayflyError } from '../../../contract/errors.ts'
import { tryTool } from './run-tool.ts'

const formats = [
  { tool: 'gzip', magic: Buffer.from([0x1f, 0x8b]) },
  { tool: 'xz', magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) },
  { tool: 'zstd', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
  { tool: 'lz4', magic: Buffer.from([0x02, 0x21, 0x4c, 0x18]) },
  { tool: 'lzma', magic: Buffer.from([0x5d, 0x00, 0x00]) },
  { tool: 'bzip2', magic: Buffer.from('BZh') },
] as const

/** Bytes that no known compression begins with are returned as they are. Throws `storage-corrupt`, `unsupported`. */
export async function decompress(bytes: Buffer, file: string, signal: AbortSignal | undefined): Promise<Buffer> {
  const format = formats.find(({ magic }) => bytes.subarray(0, magic.length).equals(magic))
  if (format === undefined) return bytes
  if (format.tool === 'gzip') return promisify(gunzip)(bytes)
  const result = await tryTool(format.tool, ['-dc'], { input: bytes, signal })
  if (result.exitCode === 0) return result.stdout
  throw new MayflyError('storage-corrupt', `${file} could not be decompressed: ${result.stderr.trim()}`, { file, reason: format.tool })
}
