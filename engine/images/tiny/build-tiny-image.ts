/**
 * Builds the tiny Linux image out of the host's own distribution packages, as an ordinary user
 * and without changing the host. The result is named by a key of all that goes into it, appears
 * whole or not at all, and is made once: a second call finds it.
 */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { isMayflyError, MayflyError } from '../../../contract/errors.ts'
import { Apt, type PackageRecord, type PackageTree } from './apt.ts'
import { type CpioEntry, encodeCpio } from './cpio.ts'
import { decompress } from './decompress.ts'
import { guestFiles, guestFolders } from './guest-files.ts'
import { extractVmlinux } from './kernel-image.ts'
import { collectLibraries, type GuestProgram } from './libraries.ts'
import { type KernelModule, moduleClosure, moduleIndexes, moduleName, wantedModules } from './modules.ts'
import { isNodeError } from './node-error.ts'
import { type PackageSet, resolvePackageSet } from './package-set.ts'
import { readMemo, writeMemo } from './resolved-memo.ts'
import { runTool } from './run-tool.ts'

/** Raised by hand when this file's own doing changes what comes out of the same inputs. */
const builderVersion = 1
/** Scratch space: the kernel's package unpacked, and the result. */
const roomNeededBytes = 800 * 1024 * 1024

/** Quiet, but never so quiet that a panic is not seen; nothing that hides one by rebooting. */
const kernelCommandLine = 'console=tty0 console=ttyS0 quiet loglevel=4 tsc=reliable mitigations=off cryptomgr.notests'

export interface TinyImageProgress {
  /** A short present participle: `Downloading linux-image-...`. */
  readonly stage: string
  /** 0 to 1 of the whole; null while unknown. */
  readonly fraction: number | null
}

export interface TinyImageOptions {
  /** The image becomes a folder in here, named by its key. */
  readonly outputDir: string
  /** Downloaded packages and scratch space. May be shared by several builders at once. */
  readonly cacheDir: string
  /** The static `mayfly-exec` that goes into the image. */
  readonly helperBinary: string
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: TinyImageProgress) => void
}

export interface TinyImage {
  /** 64 hexadecimal digits; the same packages, helper and builder give the same key. */
  readonly key: string
  /** The kernel unpacked, for direct boot by QEMU's PVH entry. */
  readonly kernel: string
  /** The kernel as packed by the distribution, for firmware that loads it itself. */
  readonly bzImage: string
  readonly initrd: string
  readonly cmdline: string
  readonly kernelRelease: string
  /** bzImage and gzipped initrd: what the image would weigh to distribute. */
  readonly compressedBytes: number
  /** `name=version` of every package that it is, or may be, made of. */
  readonly packages: readonly string[]
}

/**
 * Returns the image, building it where it is not there yet. Throws `unsupported` (no Debian
 * family, no such package), `job-failed` (download or tool failed), `no-space`, `cancelled`.
 * Nothing but downloaded packages is left behind by a failure.
 */
export async function buildTinyImage(options: TinyImageOptions): Promise<TinyImage> {
  try {
    return await build(options)
  } catch (error) {
    if (isNodeError(error, 'ABORT_ERR')) throw new MayflyError('cancelled', 'Building the tiny image was cancelled; nothing was left behind.', {}, { cause: error })
    if (!isNodeError(error, 'ENOSPC')) throw error
    throw new MayflyError('no-space', 'The tiny image was not built because the disk is full.', { path: options.cacheDir, needed: roomNeededBytes, free: null }, { cause: error })
  }
}

async function build(options: TinyImageOptions): Promise<TinyImage> {
  const { outputDir, cacheDir, signal } = options
  const report = (stage: string, fraction: number | null): void => options.onProgress?.({ stage, fraction })
  if (process.platform !== 'linux' || process.arch !== 'x64') throw unsupportedHost(`${process.platform} on ${process.arch}`)
  await mkdir(cacheDir, { recursive: true })
  await mkdir(outputDir, { recursive: true })

  const apt = new Apt(cacheDir, signal)
  const helper = await readFile(options.helperBinary)
  const set = await choosePackages(apt, cacheDir, report)
  const key = imageKey(set, helper)
  const folder = path.join(outputDir, key)
  const present = await readImage(folder)
  if (present !== null) return present

  await requireRoom(cacheDir)
  const scratchDir = await mkdtemp(path.join(cacheDir, 'build-'))
  // On the output's own file system, so that it appears by one rename.
  const partialDir = await mkdtemp(path.join(outputDir, '.partial-'))
  try {
    await assemble({ apt, set, helper, key, scratchDir, partialDir, signal, report })
    await publish(partialDir, folder)
  } finally {
    await rm(scratchDir, { recursive: true, force: true })
    await rm(partialDir, { recursive: true, force: true })
  }
  const image = await readImage(folder)
  if (image === null) throw new MayflyError('storage-corrupt', 'The tiny image was built, but cannot be read back.', { file: folder, reason: 'no manifest' })
  return image
}

interface Assembly {
  readonly apt: Apt
  readonly set: PackageSet
  readonly helper: Buffer
  readonly key: string
  readonly scratchDir: string
  readonly partialDir: string
  readonly signal: AbortSignal | undefined
  readonly report: (stage: string, fraction: number | null) => void
}

async function assemble(work: Assembly): Promise<void> {
  const { set, partialDir, signal, report } = work
  report('Downloading packages', 0)
  const trees = await work.apt.open([...set.kernel, ...set.programs], work.scratchDir, (fraction) => report('Downloading packages', fraction * 0.6))
  const kernelTrees = trees.slice(0, set.kernel.length)
  report('Unpacking the kernel', 0.65)
  const bzImageName = `/boot/vmlinuz-${set.kernelRelease}`
  const bzImageTree = kernelTrees.find((tree) => tree.files.includes(bzImageName))
  if (bzImageTree === undefined) throw new MayflyError('unsupported', 'The distribution\'s kernel package has no kernel where it is expected.', { needs: bzImageName, have: 'nothing' })
  const bzImageFile = bzImageTree.root + bzImageName
  const bzImage = await readFile(bzImageFile)
  await writeFile(path.join(partialDir, 'bzImage'), bzImage)
  await writeFile(path.join(partialDir, 'vmlinux'), await extractVmlinux(bzImage, 'bzImage', signal))

  report('Choosing drivers', 0.75)
  const modules = await collectModules(kernelTrees, signal)
  report('Collecting programs', 0.8)
  const programs = await collectPrograms(work, trees)
  report('Packing', 0.9)
  const initrd = encodeCpio([...moduleEntries(set.kernelRelease, modules), ...programs], guestFolders)
  await writeFile(path.join(partialDir, 'initrd'), initrd)
  const compressedInitrd = await promisify(gzip)(initrd, { level: 6 })
  signal?.throwIfAborted()
  const manifest = {
    key: work.key,
    cmdline: kernelCommandLine,
    kernelRelease: set.kernelRelease,
    compressedBytes: bzImage.length + compressedInitrd.length,
    packages: versions(set),
  }
  await writeFile(path.join(partialDir, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

async function collectModules(trees: readonly PackageTree[], signal: AbortSignal | undefined): Promise<KernelModule[]> {
  const files = new Map<string, { readonly file: string; readonly path: string }>()
  for (const tree of trees) {
    for (const file of tree.files) {
      const below = /\/lib\/modules\/[^/]+\/(.+\.ko)(?:\.\w+)?$/.exec(file)?.[1]
      if (below !== undefined) files.set(moduleName(file), { file: tree.root + file, path: below })
    }
  }
  return moduleClosure(wantedModules, async (name) => {
    const found = files.get(name)
    return found === undefined ? null : { path: found.path, bytes: await decompress(await readFile(found.file), found.file, signal) }
  })
}

function moduleEntries(kernelRelease: string, modules: readonly KernelModule[]): CpioEntry[] {
  const folder = `lib/modules/${kernelRelease}`
  const indexes = moduleIndexes(modules)
  return [
    ...modules.map(({ path: file, bytes }): CpioEntry => ({ kind: 'file', path: `${folder}/${file}`, mode: 0o644, data: bytes })),
    { kind: 'file', path: `${folder}/modules.dep`, mode: 0o644, data: Buffer.from(indexes.dep) },
    { kind: 'file', path: `${folder}/modules.alias`, mode: 0o644, data: Buffer.from(indexes.alias) },
  ]
}

/** What goes into the guest's /sbin and /bin, by the package it is from. */
const programFiles = [
  { package: 'qemu-guest-agent', name: 'qemu-ga', target: 'sbin/qemu-ga' },
  { package: 'e2fsprogs', name: 'mke2fs', target: 'sbin/mke2fs' },
  { package: 'busybox-static', name: 'busybox', target: 'bin/busybox' },
] as const

async function collectPrograms(work: Assembly, trees: readonly PackageTree[]): Promise<CpioEntry[]> {
  const entries: CpioEntry[] = [{ kind: 'file', path: 'sbin/mayfly-exec', mode: 0o755, data: work.helper }]
  const programs: GuestProgram[] = []
  let applets: string[] = []
  for (const wanted of programFiles) {
    const tree = trees.find(({ record }) => record.name === wanted.package)
    const file = tree?.files.find((candidate) => candidate.endsWith(`bin/${wanted.name}`))
    if (tree === undefined || file === undefined) throw new MayflyError('unsupported', `The package "${wanted.package}" has no program "${wanted.name}".`, { needs: wanted.name, have: 'nothing' })
    const bytes = await readFile(tree.root + file)
    entries.push({ kind: 'file', path: wanted.target, mode: 0o755, data: bytes })
    programs.push({ bytes, file: wanted.name, record: tree.record })
    if (wanted.name === 'busybox') applets = (await runTool(tree.root + file, ['--list'], { signal: work.signal })).toString().trim().split('\n')
  }
  const openLibraries = async (names: readonly string[]): Promise<readonly PackageTree[]> =>
    work.apt.open(work.set.libraries.filter((record) => names.includes(record.name)), work.scratchDir, () => undefined)
  return [...entries, ...guestFiles(applets), ...(await collectLibraries(programs, openLibraries))]
}

async function choosePackages(apt: Apt, cacheDir: string, report: Assembly['report']): Promise<PackageSet> {
  const memo = await readMemo(cacheDir)
  if (memo !== null) {
    if (memo.privateLists) apt.usePrivateLists()
    return memo.set
  }
  report('Choosing packages', null)
  try {
    const set = await resolvePackageSet(apt)
    await writeMemo(cacheDir, { set, privateLists: apt.hasPrivateLists })
    return set
  } catch (error) {
    if (isMayflyError(error, 'unsupported') && error.details.needs === 'apt-cache') throw unsupportedHost('no apt', error)
    throw error
  }
}

function unsupportedHost(have: string, cause?: unknown): MayflyError {
  return new MayflyError('unsupported', 'The tiny image is made of Debian or Ubuntu packages for x86-64, and this system has none.', { needs: 'a Debian-family system on x86-64', have }, {
    next: 'Choose an image from the catalog, or add one of your own with "mayfly image add FILE".',
    ...(cause === undefined ? {} : { cause }),
  })
}

function versions(set: PackageSet): string[] {
  return [...set.kernel, ...set.programs, ...set.libraries].map((record: PackageRecord) => `${record.name}=${record.version}`).sort()
}

function imageKey(set: PackageSet, helper: Buffer): string {
  const hash = createHash('sha256').update(JSON.stringify([builderVersion, kernelCommandLine, versions(set), wantedModules, guestFolders]))
  return hash.update(encodeCpio(guestFiles([]))).update(helper).digest('hex')
}

async function readImage(folder: string): Promise<TinyImage | null> {
  try {
    const manifest = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8')) as Pick<TinyImage, 'key' | 'cmdline' | 'kernelRelease' | 'compressedBytes' | 'packages'>
    return { ...manifest, kernel: path.join(folder, 'vmlinux'), bzImage: path.join(folder, 'bzImage'), initrd: path.join(folder, 'initrd') }
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return null
    throw error
  }
}

/** Two builders may finish at once: the first one's work stands, they are equal. */
async function publish(partialDir: string, folder: string): Promise<void> {
  try {
    await rename(partialDir, folder)
  } catch (error) {
    if (!isNodeError(error, 'ENOTEMPTY') && !isNodeError(error, 'EEXIST')) throw error
  }
}

async function requireRoom(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= roomNeededBytes) return
  throw new MayflyError('no-space', 'There is not enough room on disk to build the tiny image.', { path: folder, needed: roomNeededBytes, free })
}
