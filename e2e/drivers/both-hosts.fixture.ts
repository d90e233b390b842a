/** What is tested in the window and in a browser alike, each time in a home of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { launchChromium } from './chromium.fixture.ts'
import type { Driver, LaunchOptions } from './driver.fixture.ts'
import { launchElectron } from './electron.fixture.ts'

export const bothHosts: readonly (readonly [name: string, holder: string, launch: (options: LaunchOptions) => Promise<Driver>])[] = [
  ['the window', 'window', launchElectron],
  ['a browser', 'serve', launchChromium],
]

interface OwnHome {
  /** The folder of the test that runs. */
  readonly folder: string
  /** Called after the test, the last first. */
  afterwards(cleanup: () => unknown): void
}

/** The same for a test that runs beside others of its file; `afterwards` is the test's own onTestFinished. */
export async function ownHome(afterwards: (cleanup: () => Promise<void>) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-home-'))
  afterwards(() => rm(folder, { recursive: true }))
  return folder
}

/** Gives each test of the file a folder that goes with it. */
export function ownHomes(): OwnHome {
  let folder = ''
  const cleanups: (() => unknown)[] = []
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mayfly-home-'))
    cleanups.push(() => rm(folder, { recursive: true }))
  })
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })
  return {
    get folder() {
      return folder
    },
    afterwards: (cleanup) => cleanups.push(cleanup),
  }
}
