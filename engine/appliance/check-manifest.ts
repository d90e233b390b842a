/**
 * Holds the files of an OVA against its manifest (DMTF DSP0243, 5.1), where it has one. That finds
 * what was damaged on its way; it proves nothing about who made it, since signatures are not checked.
 */
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { notOva, type PackedFile } from './find-in-ova.ts'

interface Entry {
  readonly name: string
  readonly algorithm: 'sha1' | 'sha256' | 'sha512'
  readonly digest: string
}

interface Watch {
  readonly signal: AbortSignal
  readonly onProgress: (doneBytes: number, totalBytes: number) => void
}

const mostManifestBytes = 1024 * 1024
const pieceBytes = 1024 * 1024
/** `SHA256(disk.vmdk)= 1b2c...`, as it is written with and without spaces. */
const line = /^\s*(SHA1|SHA256|SHA512)\s*\((.+)\)\s*=\s*([0-9a-f]+)\s*$/i

/** Throws `unsupported`, naming the file that is not as the manifest says, or is missing. An OVA without a manifest passes. Throws what `signal` was aborted with. */
export async function checkManifest(path: string, file: FileHandle, files: ReadonlyMap<string, PackedFile>, { signal, onProgress }: Watch): Promise<void> {
  const entries = await readManifest(path, file, files)
  const total = entries.reduce((sum, { name }) => sum + (files.get(name)?.bytes ?? 0), 0)
  let done = 0
  const buffer = Buffer.alloc(pieceBytes)
  for (const { name, algorithm, digest } of entries) {
    const place = files.get(name)
    if (place === undefined) throw notOva(path, `Its manifest names ${JSON.stringify(name)}, and that is not in it.`)
    const hash = createHash(algorithm)
    for (let at = 0; at < place.bytes; ) {
      signal.throwIfAborted()
      const { bytesRead } = await file.read(buffer, 0, Math.min(pieceBytes, place.bytes - at), place.offset + at)
      if (bytesRead === 0) break
      hash.update(buffer.subarray(0, bytesRead))
      at += bytesRead
      done += bytesRead
      onProgress(done, total)
    }
    if (hash.digest('hex') !== digest) throw notOva(path, `Its file ${JSON.stringify(name)} is not what its manifest says: it was changed or damaged on its way. Download or copy it again.`)
  }
}

async function readManifest(path: string, file: FileHandle, files: ReadonlyMap<string, PackedFile>): Promise<Entry[]> {
  const place = [...files].find(([name]) => /\.mf$/i.test(name))?.[1]
  if (place === undefined) return []
  if (place.bytes > mostManifestBytes) throw notOva(path, 'Its manifest is larger than any can be.')
  const bytes = Buffer.alloc(place.bytes)
  await file.read(bytes, 0, place.bytes, place.offset)
  return bytes.toString('utf8').split(/\r?\n/).flatMap((text): Entry[] => {
    const [, algorithm, name, digest] = line.exec(text) ?? []
    if (algorithm === undefined || name === undefined || digest === undefined) {
      if (text.trim() === '') return []
      throw notOva(path, 'Its manifest has a line that is none.')
    }
    return [{ name, algorithm: algorithm.toLowerCase() as Entry['algorithm'], digest: digest.toLowerCase() }]
  })
}
