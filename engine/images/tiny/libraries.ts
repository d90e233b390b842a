/**
 * Finds the shared libraries that programs need, by what their ELF files ask for, in the
 * packages that they depend on. Packages are opened only when something is still missing.
 */
import type { Buffer } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { MayflyError } from '../../../contract/errors.ts'
import type { PackageRecord, PackageTree } from './apt.ts'
import type { CpioEntry } from './cpio.ts'
import { elfInterpreter, elfNeeded } from './elf.ts'

export interface GuestProgram {
  readonly bytes: Buffer
  readonly file: string
  readonly record: PackageRecord
}

/** Where glibc looks first; one folder for all of them keeps the guest's start short. */
const libraryFolder = 'lib/x86_64-linux-gnu'

/**
 * The libraries, and the loader at the path that the programs name. `open` gives the files of
 * those of the packages that are in the set.
 */
export async function collectLibraries(programs: readonly GuestProgram[], open: (names: readonly string[]) => Promise<readonly PackageTree[]>): Promise<CpioEntry[]> {
  const trees: PackageTree[] = []
  const opened = new Set<string>()
  const entries = new Map<string, CpioEntry>()
  const queue = [...programs]

  const openDependencies = async (record: PackageRecord): Promise<void> => {
    const names = record.dependencies.filter((name) => !opened.has(name))
    for (const name of names) opened.add(name)
    trees.push(...(await open(names)))
  }
  const add = async (name: string, wantedBy: GuestProgram, target: string): Promise<void> => {
    if (entries.has(target)) return
    let found = findFile(trees, name)
    if (found === null) {
      await openDependencies(wantedBy.record)
      found = findFile(trees, name)
    }
    if (found === null) throw new MayflyError('unsupported', `The library "${name}" that "${wantedBy.file}" needs is in none of the packages it depends on.`, { needs: name, have: 'nothing' })
    const bytes = await readFile(found.file)
    entries.set(target, { kind: 'file', path: target, mode: 0o755, data: bytes })
    queue.push({ bytes, file: found.file, record: found.record })
  }

  for (let program = queue.shift(); program !== undefined; program = queue.shift()) {
    const loader = elfInterpreter(program.bytes, program.file)
    if (loader !== null) await add(path.basename(loader), program, loader.slice(1))
    for (const name of elfNeeded(program.bytes, program.file)) {
      // The loader is asked for by libc as well, under the name it was started by.
      if (!name.startsWith('ld-linux')) await add(name, program, `${libraryFolder}/${name}`)
    }
  }
  return [...entries.values()]
}

function findFile(trees: readonly PackageTree[], name: string): { file: string; record: PackageRecord } | null {
  for (const tree of trees) {
    const file = tree.files.find((candidate) => candidate.endsWith(`/${name}`) && candidate.includes('/lib'))
    if (file !== undefined) return { file: tree.root + file, record: tree.record }
  }
  return null
}
