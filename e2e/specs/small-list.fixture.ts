/** A host with a few machines whose guests are firmware alone, for what needs nothing that boots: one home for the specs of a block. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { MachineSummary } from '../../contract/machine.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import type { Driver } from '../drivers/driver.fixture.ts'
import { Window } from '../pages/window.ts'
import type { Launch } from './stage.fixture.ts'

export interface SmallList {
  readonly driver: Driver
  readonly client: EngineClient
  readonly window: Window
  /** What the engine says of a machine. */
  machine(name: string): Promise<MachineSummary>
}

type Request = Parameters<EngineClient['machine']['create']>[0]

/** Opened before the tests of the block and closed after; not to be used outside of them. `patienceMs`: how long the page may take to show something. */
export function openSmallList(launch: Launch, machines: readonly Request[], patienceMs: number): SmallList {
  let driver: Driver
  let client: EngineClient
  let window: Window
  const cleanups: (() => unknown)[] = []
  beforeAll(async () => {
    const home = await mkdtemp(join(tmpdir(), 'mayfly-list-'))
    cleanups.push(() => rm(home, { recursive: true }))
    driver = await launch({ home })
    cleanups.push(() => driver.close())
    driver.page.setDefaultTimeout(patienceMs)
    window = new Window(driver.page)
    await driver.page.getByRole('heading', { level: 1 }).waitFor()
    const engine = connectEngine(join(home, 'run', 'engine.sock'))
    cleanups.push(() => engine.close())
    ;({ client } = engine)
    for (const machine of machines) await client.machine.create({ memoryMiB: 128, diskMiB: 64, ...machine })
    for (const { name } of machines) await window.list.row(name).waitFor()
  }, 120_000)
  // What one test left open is not in the next one's way.
  afterEach(async () => {
    await driver.page.keyboard.press('Escape')
    await driver.page.keyboard.press('Escape')
  })
  afterAll(async () => {
    for (const { id, pid } of await client.machine.list({})) if (pid !== null) await client.machine.stop({ machine: id, force: true })
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  }, 60_000)
  return {
    get driver() {
      return driver
    },
    get client() {
      return client
    },
    get window() {
      return window
    },
    async machine(name) {
      const found = (await client.machine.list({})).find((candidate) => candidate.name === name)
      if (found === undefined) throw new Error(`There is no ${name}.`)
      return found
    },
  }
}
