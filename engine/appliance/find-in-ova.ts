/**
 * Where the files in an OVA lie. An OVA is a tar archive (DMTF DSP0243, 5.3) from a stranger: nothing
 * is unpacked, no name in it becomes a path, and its disks are read in place at the offsets found here.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import { decodeTarHeader, MalformedTarError, tarBlockBytes, tarPadding } from '../archive/tar-header.ts'

export interface PackedFile {
  readonly offset: number
  readonly bytes: number
}

/** More than any appliance has; each costs a read. */
const mostEntries = 1000
const mostOvfBytes = 4 * 1024 * 1024

/** The files by their names. Throws `unsupported` for what is no OVA, or one whose names lead out of it. */
export async function findInOva(path: string, file: FileHandle): Promise<ReadonlyMap<string, PackedFile>> {
  const { size } = await file.stat()
  const found = new Map<string, PackedFile>()
  const block = Buffer.alloc(tarBlockBytes)
  try {
    for (let at = 0; at + tarBlockBytes <= size; ) {
      await file.read(block, 0, tarBlockBytes, at)
      const header = decodeTarHeader(block)
      if (header === null) break
      const start = at + tarBlockBytes
      const bytes = 'extension' in header ? header.extension.bytes : header.entry.bytes
      if (start + bytes > size) throw new MalformedTarError('It ends in the middle of a file; it was not copied or downloaded whole.')
      if ('entry' in header) {
        const { kind, path: name } = header.entry
        if (kind !== 'file' || /[/\\\0]/.test(name) || name === '..' || name === '.') throw new MalformedTarError(`It holds ${JSON.stringify(printable(name))}, and an OVA holds files without folders.`)
        if (found.has(name)) throw new MalformedTarError(`It holds two files called ${JSON.stringify(printable(name))}.`)
        found.set(name, { offset: start, bytes })
      } else if (header.extension.kind !== 'ignored') {
        // Long names and pax records: no program that makes appliances needs them.
        throw new MalformedTarError('It names its files in a way that OVA does not have.')
      }
      if (found.size > mostEntries) throw new MalformedTarError('It holds too many files.')
      at = start + bytes + tarPadding(bytes)
    }
  } catch (error) {
    if (!(error instanceof MalformedTarError)) throw error
    throw notOva(path, error.message)
  }
  if (found.size === 0) throw notOva(path, 'There is nothing in it.')
  return found
}

/** The text of the description, which is the first file that ends in .ovf. Throws `unsupported`. */
export async function readOvf(path: string, file: FileHandle, files: ReadonlyMap<string, PackedFile>): Promise<string> {
  const place = [...files].find(([name]) => /\.ovf$/i.test(name))?.[1]
  if (place === undefined) throw notOva(path, 'It has no OVF description.')
  if (place.bytes > mostOvfBytes) throw notOva(path, 'Its description is larger than any can be.')
  const bytes = Buffer.alloc(place.bytes)
  await file.read(bytes, 0, place.bytes, place.offset)
  return bytes.toString('utf8')
}

/** Opens for reading. Throws `not-found` or `invalid-input`. */
export async function openOva(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r')
    if ((await file.stat()).isFile()) return file
    await file.close()
  } catch (cause) {
    throw new MayflyError('not-found', `${path} cannot be read.`, { kind: 'file', ref: path }, { cause, next: 'Give the path of an OVA file on the computer Mayfly runs on.' })
  }
  throw new MayflyError('invalid-input', `${path} is no file.`, { issues: [{ path: 'file', message: 'Name a file.' }] })
}

export function notOva(path: string, why: string): MayflyError<'unsupported'> {
  return new MayflyError('unsupported', `${basename(path)} cannot be imported. ${why} Nothing was made.`, { needs: 'an OVA file', have: 'another, or a damaged one' })
}

function printable(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 80)
}
