/** What a person does with Mayfly in a day, in whichever host. Each spec says what the screen shows and what the engine says. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { accessSpecs, firstRunAccessSpec } from './access.fixture.ts'
import { hardwareSpecs } from './hardware.fixture.ts'
import { listSpecs } from './list.fixture.ts'
import { makeWithKeyboardSpec, makeWithMouseSpec } from './make.fixture.ts'
import { networkSpecs } from './network.fixture.ts'
import { screenSpecs } from './screen.fixture.ts'
import { serialSpecs } from './serial.fixture.ts'
import { Stage } from './stage.fixture.ts'
import type { Launch } from './stage.fixture.ts'
import { troubleSpecs } from './trouble.fixture.ts'

export function aDayWithMayfly(launch: Launch): void {
  let opened: Stage
  const stage = (): Stage => opened

  beforeAll(async () => {
    opened = await Stage.open(launch)
  }, 300_000)
  afterAll(() => opened.close(), 60_000)
  // For whoever asks, what the screen showed when a spec failed.
  afterEach(async ({ task }) => {
    const folder = process.env['MAYFLY_SPEC_PICTURES']
    if (folder === undefined || task.result?.state !== 'fail') return
    mkdirSync(folder, { recursive: true })
    await opened.page.screenshot({ path: join(folder, `${opened.driver.host} ${task.name.replaceAll(/[^\w]+/g, '-').slice(0, 60)}.png`) })
  })

  firstRunAccessSpec(stage)
  makeWithMouseSpec(stage)
  screenSpecs(stage)
  serialSpecs(stage)
  networkSpecs(stage)
  hardwareSpecs(stage)
  troubleSpecs(stage)
  accessSpecs(stage)

  makeWithKeyboardSpec(stage)
  listSpecs(stage)
}
