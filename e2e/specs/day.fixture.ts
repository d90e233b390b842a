/** What a person does with Mayfly in a day, in whichever host. Each spec says what the screen shows and what the engine says. */
import { accessSpecs, firstRunAccessSpec } from './access.fixture.ts'
import { hardwareSpecs } from './hardware.fixture.ts'
import { listSpecs } from './list.fixture.ts'
import { makeWithKeyboardSpec, makeWithMouseSpec } from './make.fixture.ts'
import { networkSpecs } from './network.fixture.ts'
import { screenSpecs } from './screen.fixture.ts'
import { serialSpecs } from './serial.fixture.ts'
import { openStage } from './stage.fixture.ts'
import type { Launch } from './stage.fixture.ts'
import { troubleSpecs } from './trouble.fixture.ts'

export function aDayWithMayfly(launch: Launch): void {
  const stage = openStage(launch)

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
