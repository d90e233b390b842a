/**
 * Decides which packages, in which versions, a tiny image is made of, from apt's lists alone:
 * the answer is what the image is cached by, so it must be known before anything is fetched.
 */
import { MayflyError } from '../../../contract/errors.ts'
import type { Apt, PackageRecord } from './apt.ts'

/** The distribution's usual kernel, by the package that always depends on the newest one. */
const kernelPackages = ['linux-image-amd64', 'linux-image-generic'] as const
const programPackages = ['busybox-static', 'qemu-guest-agent', 'e2fsprogs'] as const

export interface PackageSet {
  readonly kernelRelease: string
  readonly kernel: readonly PackageRecord[]
  readonly programs: readonly PackageRecord[]
  /** Where the programs' libraries may come from; not all of them are fetched. */
  readonly libraries: readonly PackageRecord[]
}

/** Throws `unsupported` where apt or the packages are missing, `job-failed` where apt's servers cannot be reached. */
export async function resolvePackageSet(apt: Apt): Promise<PackageSet> {
  let found = await apt.records([...kernelPackages, ...programPackages])
  if (!kernelPackages.some((name) => found.some((record) => record.name === name))) {
    apt.usePrivateLists()
    await apt.updatePrivateLists()
    found = await apt.records([...kernelPackages, ...programPackages])
  }
  const byName = (name: string): PackageRecord | undefined => found.find((record) => record.name === name)
  const programs = programPackages.map((name) => byName(name) ?? missing(name))
  const meta = kernelPackages.map(byName).find((record) => record !== undefined) ?? missing(kernelPackages[0])
  const image = meta.dependencies.find((name) => /^linux-image-\d/.test(name)) ?? missing('linux-image')
  const kernelRelease = image.slice('linux-image-'.length)
  // Ubuntu keeps the modules in packages of their own.
  const kernel = await apt.records([image, `linux-modules-${kernelRelease}`, `linux-modules-extra-${kernelRelease}`])
  if (!kernel.some((record) => record.name === image)) missing(image)
  return { kernelRelease, kernel, programs, libraries: await libraryPackages(apt, programs) }
}

async function libraryPackages(apt: Apt, programs: readonly PackageRecord[]): Promise<PackageRecord[]> {
  const libraries = new Map<string, PackageRecord>()
  const asked = new Set<string>()
  for (let level = programs; level.length > 0; ) {
    const names = [...new Set(level.flatMap((record) => record.dependencies))].filter((name) => isLibrary(name) && !asked.has(name))
    for (const name of names) asked.add(name)
    level = await apt.records(names)
    for (const record of level) libraries.set(record.name, record)
  }
  return [...libraries.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function isLibrary(name: string): boolean {
  return name.startsWith('lib') || name.startsWith('zlib')
}

function missing(name: string): never {
  throw new MayflyError('unsupported', `The package "${name}", which the tiny image is made of, is not in this system's package lists.`, { needs: name, have: 'nothing' }, {
    next: 'Run "apt-get update", or add an image of your own with "mayfly image add FILE".',
  })
}
