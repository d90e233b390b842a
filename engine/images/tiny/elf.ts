/**
 * As much of ELF64 (System V ABI, chapter 4 and 5) as the image needs: sections and notes of
 * a file that comes from the distribution. Every offset is checked; a file that is not what it
 * seems is `storage-corrupt`, never a crash.
 */
import type { Buffer } from 'node:buffer'
import { MayflyError } from '../../../contract/errors.ts'

const programHeaderNote = 4
const dynamicNeeded = 1n
/** Xen's PVH entry point (XEN_ELFNOTE_PHYS32_ENTRY); QEMU boots a vmlinux through it. */
const pvhEntryNote = 18

/** The bytes of a named section; null where there is none. */
export function elfSection(bytes: Buffer, name: string, file: string): Buffer | null {
  return guarded(file, () => {
    const table = Number(bytes.readBigUInt64LE(0x28))
    const entrySize = bytes.readUInt16LE(0x3a)
    const count = bytes.readUInt16LE(0x3c)
    const section = (index: number): Buffer => {
      const header = bytes.subarray(table + index * entrySize, table + (index + 1) * entrySize)
      const offset = Number(header.readBigUInt64LE(0x18))
      return bytes.subarray(offset, offset + Number(header.readBigUInt64LE(0x20)))
    }
    const names = section(bytes.readUInt16LE(0x3e))
    for (let index = 0; index < count; index++) {
      const at = bytes.readUInt32LE(table + index * entrySize)
      if (textAt(names, at) === name) return section(index)
    }
    return null
  })
}

/** The shared libraries that a program or library asks for. */
export function elfNeeded(bytes: Buffer, file: string): string[] {
  const dynamic = elfSection(bytes, '.dynamic', file)
  const strings = elfSection(bytes, '.dynstr', file)
  if (dynamic === null || strings === null) return []
  return guarded(file, () => {
    const needed: string[] = []
    for (let at = 0; at + 16 <= dynamic.length; at += 16) {
      if (dynamic.readBigUInt64LE(at) === dynamicNeeded) needed.push(textAt(strings, Number(dynamic.readBigUInt64LE(at + 8))))
    }
    return needed
  })
}

/** The dynamic loader that a program asks for; null for a static one. */
export function elfInterpreter(bytes: Buffer, file: string): string | null {
  const section = elfSection(bytes, '.interp', file)
  return section === null ? null : textAt(section, 0)
}

/** A module's `.modinfo`: `key=value` pairs, a key may come often. */
export function moduleInfo(bytes: Buffer, file: string): { readonly key: string; readonly value: string }[] {
  const section = elfSection(bytes, '.modinfo', file)
  const texts = section?.toString('latin1').split('\0') ?? []
  return texts.filter((text) => text.includes('=')).map((text) => ({ key: text.slice(0, text.indexOf('=')), value: text.slice(text.indexOf('=') + 1) }))
}

/** Whether QEMU can boot this kernel as it is. */
export function hasPvhEntry(bytes: Buffer, file: string): boolean {
  return guarded(file, () => {
    const table = Number(bytes.readBigUInt64LE(0x20))
    const entrySize = bytes.readUInt16LE(0x36)
    const count = bytes.readUInt16LE(0x38)
    for (let index = 0; index < count; index++) {
      const header = bytes.subarray(table + index * entrySize, table + (index + 1) * entrySize)
      if (header.readUInt32LE(0) !== programHeaderNote) continue
      const offset = Number(header.readBigUInt64LE(8))
      if (notesHave(bytes.subarray(offset, offset + Number(header.readBigUInt64LE(0x20))), 'Xen', pvhEntryNote)) return true
    }
    return false
  })
}

function notesHave(notes: Buffer, owner: string, type: number): boolean {
  const padded = (length: number): number => Math.ceil(length / 4) * 4
  for (let at = 0; at + 12 <= notes.length; ) {
    const nameLength = notes.readUInt32LE(at)
    const valueLength = notes.readUInt32LE(at + 4)
    if (notes.readUInt32LE(at + 8) === type && textAt(notes, at + 12) === owner) return true
    at += 12 + padded(nameLength) + padded(valueLength)
  }
  return false
}

function textAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at)
  return bytes.toString('latin1', at, end < 0 ? bytes.length : end)
}

function guarded<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new MayflyError('storage-corrupt', `${file} is not a whole ELF file.`, { file, reason: 'an offset lies beyond its end' }, { cause: error })
  }
}
