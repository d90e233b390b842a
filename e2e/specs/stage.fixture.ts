/**
 * Where a host's specs play: one home with the tiny image, a detached engine that the specs ask
 * for the truth, and the host's window on it. The specs of a file go on from one another, as a
 * person's day does, because every boot is emulated in software.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { MachineSummary } from '../../contract/machine.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { until } from '../conformance/until.ts'
import type { Driver, LaunchOptions } from '../drivers/driver.fixture.ts'
import { TestHome } from '../engine/test-home.fixture.ts'
import { Window } from '../pages/window.ts'

/** How long the screen may take to show something; boots are waited for with the engine. */
const patienceMs = 15_000

export type Launch = (options: LaunchOptions) => Promise<Driver>

export class Stage {
  readonly home: TestHome
  #client: EngineClient
  #driver: Driver
  #window: Window

  private constructor(home: TestHome, client: EngineClient, driver: Driver) {
    driver.page.setDefaultTimeout(patienceMs)
    this.home = home
    this.#client = client
    this.#driver = driver
    this.#window = new Window(driver.page)
  }

  static async open(launch: Launch): Promise<Stage> {
    const home = await TestHome.make()
    try {
      const client = await home.openDetached()
      await home.buildTiny(client)
      return new Stage(home, client, await launch({ home: home.root }))
    } catch (error) {
      await home.close()
      throw error
    }
  }

  get client(): EngineClient {
    return this.#client
  }

  get driver(): Driver {
    return this.#driver
  }

  get window(): Window {
    return this.#window
  }

  get page(): Page {
    return this.#driver.page
  }

  /** What the engine says of a machine. */
  async machine(name: string): Promise<MachineSummary> {
    const found = (await this.#client.machine.list({})).find((machine) => machine.name === name)
    if (found === undefined) throw new Error(`The engine knows no machine called ${name}.`)
    return found
  }

  /** Waits until the engine says so of a machine. */
  async engineSays(name: string, what: string, holds: (machine: MachineSummary) => boolean, timeoutMs = 30_000): Promise<MachineSummary> {
    let last: MachineSummary | undefined
    await until(async () => {
      last = (await this.#client.machine.list({})).find((machine) => machine.name === name)
      return last !== undefined && holds(last)
    }, `the engine says that ${name} ${what}; it says ${JSON.stringify(last)}`, timeoutMs)
    return this.machine(name)
  }

  /** Kills the engine without a word. There is none until what this resolves to is called; then whoever is first holds the next. */
  async withoutEngine(): Promise<() => Promise<void>> {
    const lock = await this.home.killEngineForAWhile(this.#client)
    return async () => {
      lock.release()
      await this.engineAgain()
    }
  }

  /** The engine there is now, started where there is none. */
  async engineAgain(): Promise<void> {
    this.#client = await this.home.openDetached()
  }

  /** Ends the host as a person would, and shows Mayfly in another; machines run on. */
  async moveTo(launch: Launch): Promise<void> {
    await this.#driver.close()
    this.#driver = await launch({ home: this.home.root })
    this.#driver.page.setDefaultTimeout(patienceMs)
    this.#window = new Window(this.#driver.page)
  }

  async close(): Promise<void> {
    // A window that is closed over running machines asks, and one that was not yet told of their end takes them for running.
    await this.#client.settings.set({ onQuit: 'leave-running' })
    for (const { id, pid } of await this.#client.machine.list({})) if (pid !== null) await this.#client.machine.stop({ machine: id, force: true })
    await this.#driver.close()
    // A window that held the engine has taken it along.
    if (existsSync(this.home.root)) await this.engineAgain()
    await this.home.close()
  }
}

/** A stage for the specs of a file, opened before them and closed after. */
export function openStage(launch: Launch, furnish: (stage: Stage) => Promise<void> = () => Promise.resolve()): () => Stage {
  let opened: Stage
  beforeAll(async () => {
    opened = await Stage.open(launch)
    await furnish(opened)
  }, 300_000)
  afterAll(() => opened.close(), 60_000)
  keepPictures(() => opened)
  return () => opened
}

/** For whoever asks, what the screen showed when a spec failed. */
function keepPictures(stage: () => Stage): void {
  afterEach(async ({ task }) => {
    const folder = process.env['MAYFLY_SPEC_PICTURES']
    if (folder === undefined || task.result?.state !== 'fail') return
    mkdirSync(folder, { recursive: true })
    const { page, driver } = stage()
    await page.screenshot({ path: join(folder, `${driver.host} ${task.name.replaceAll(/[^\w]+/g, '-').slice(0, 60)}.png`) })
  })
}
