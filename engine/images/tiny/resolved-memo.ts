/**
 * Remembers which packages apt named, for as long as apt and dpkg have not changed: asking
 * apt takes seconds, looking at two times takes none.
 */
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import type { PackageSet } from './package-set.ts'

const watched = ['/var/lib/apt/lists', '/var/lib/dpkg/status', '/etc/apt/sources.list', '/etc/apt/sources.list.d', '/etc/apt/preferences.d'] as const

interface Resolution {
  readonly set: PackageSet
  /** Found in lists of our own, so the packages must be fetched by them too. */
  readonly privateLists: boolean
}

interface Memo extends Resolution {
  readonly stamp: string
}

/** Null when nothing is known, or no longer certain. */
export async function readMemo(cacheDir: string): Promise<Resolution | null> {
  try {
    const memo = JSON.parse(await readFile(memoFile(cacheDir), 'utf8')) as Memo
    return memo.stamp === (await currentStamp()) ? memo : null
  } catch {
    return null
  }
}

export async function writeMemo(cacheDir: string, resolution: Resolution): Promise<void> {
  const memo: Memo = { ...resolution, stamp: await currentStamp() }
  const partial = `${memoFile(cacheDir)}.${process.pid}`
  await writeFile(partial, JSON.stringify(memo))
  await rename(partial, memoFile(cacheDir))
}

function memoFile(cacheDir: string): string {
  return path.join(cacheDir, 'package-set.json')
}

async function currentStamp(): Promise<string> {
  const times = await Promise.all(watched.map((file) => stat(file).then(({ mtimeMs }) => mtimeMs, () => 0)))
  return times.join(' ')
}
