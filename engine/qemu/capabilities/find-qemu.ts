/**
 * Finds the QEMU to use: the one that was chosen, else the first on the search path. Decides
 * by files alone and starts nothing; whether it works and what it can do is probed later.
 */
import { constants } from 'node:fs'
import { access, readdir, realpath, stat } from 'node:fs/promises'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { MayflyError } from '../../../contract/errors.ts'
import type { QemuInstallation } from './qemu-installation.ts'

export interface FindQemuOptions {
  /** A binary to use and no other: a setting, else the variable `MAYFLY_QEMU`. */
  readonly chosen?: string | undefined
  /** Searched for programs and for `MAYFLY_QEMU`. Default: the process's environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** Red Hat's family installs one emulator under a name of its own. */
const emulatorNames = ['qemu-system-x86_64', 'qemu-kvm']
/** Searched after PATH: a service's PATH is often short. */
const usualFolders = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/libexec', '/opt/qemu/bin', '/run/current-system/sw/bin', '/opt/homebrew/bin']

/**
 * The QEMU of this host.
 *
 * @throws MayflyError 'host-unavailable' with the check `qemu` when there is none, or the chosen one is no program.
 */
export async function findQemu({ chosen, environment = process.env }: FindQemuOptions = {}): Promise<QemuInstallation> {
  const folders = [...(environment['PATH'] ?? '').split(delimiter).filter(isAbsolute), ...usualFolders]
  const wanted = chosen ?? environment['MAYFLY_QEMU']
  const binary = wanted === undefined || wanted === '' ? await findProgram(emulatorNames, folders) : await chosenProgram(wanted)
  if (binary === null) {
    throw new MayflyError('host-unavailable', 'QEMU is not installed: no qemu-system-x86_64 was found.', { check: 'qemu' }, { next: 'Run mayfly doctor.' })
  }
  const imgBinary = await findProgram(['qemu-img'], [dirname(binary), dirname(await realpath(binary)), ...folders])
  return { binary, imgBinary, ...(await describeSurroundings(binary, environment)) }
}

async function chosenProgram(path: string): Promise<string> {
  if (isAbsolute(path) && (await isProgram(path))) return path
  throw new MayflyError('host-unavailable', `The chosen QEMU, ${path}, is not the absolute path of a program.`, { check: 'qemu' }, { next: 'Choose the whole path of a qemu-system-x86_64, or none: then PATH is searched.' })
}

async function findProgram(names: readonly string[], folders: readonly string[]): Promise<string | null> {
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name)
      if (await isProgram(path)) return path
    }
  }
  return null
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

type Surroundings = Pick<QemuInstallation, 'env' | 'moduleFolder' | 'firmwareFolders'>

/** What lies around the binary, and what must be said of it when that is below some folder instead of `/`. */
async function describeSurroundings(binary: string, environment: Readonly<Record<string, string | undefined>>): Promise<Surroundings> {
  const root = /^(.*)\/usr\/(?:bin|libexec)\/[^/]+$/.exec(await realpath(binary))?.[1]
  // Built and installed by hand: such a QEMU finds its own files.
  if (root === undefined) return { env: {}, moduleFolder: null, firmwareFolders: [] }
  const multiarch = (await readdir(join(root, '/usr/lib')).catch((): string[] => [])).filter((name) => name.endsWith('-linux-gnu'))
  const libraries = await existingFolders(root, [...multiarch.map((name) => `/usr/lib/${name}`), ...multiarch.map((name) => `/lib/${name}`), '/usr/lib64', '/usr/lib'])
  const [moduleFolder = null] = await existingFolders('', libraries.flatMap((folder) => [join(folder, 'qemu'), join(folder, 'qemu-kvm')]))
  if (root === '') return { env: {}, moduleFolder, firmwareFolders: [] }
  const inherited = environment['LD_LIBRARY_PATH']
  return {
    env: {
      ...(moduleFolder === null ? {} : { QEMU_MODULE_DIR: moduleFolder }),
      LD_LIBRARY_PATH: [...libraries, ...(inherited === undefined || inherited === '' ? [] : [inherited])].join(':'),
    },
    moduleFolder,
    firmwareFolders: await existingFolders(root, ['/usr/share/qemu', '/usr/share/seabios', '/usr/lib/ipxe/qemu', '/usr/share/qemu-kvm']),
  }
}

/** Those of `folders` below `root` that exist, as whole paths. */
async function existingFolders(root: string, folders: readonly string[]): Promise<string[]> {
  const paths = folders.map((folder) => join(root, folder))
  const found = await Promise.all(paths.map(async (path) => ((await stat(path).catch(() => undefined))?.isDirectory() === true ? [path] : [])))
  return found.flat()
}
