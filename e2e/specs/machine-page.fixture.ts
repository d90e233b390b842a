/** Every corner of a machine's page, in whichever host: its consoles' tools, its overview, its devices, its logs. */
import { afterAll, beforeAll } from 'vitest'
import { deviceSpecs } from './devices.fixture.ts'
import { screenReturnsSpec, screenToolSpecs } from './screen-tools.fixture.ts'
import { serialToolSpecs } from './serial-tools.fixture.ts'
import { keepPictures, Stage } from './stage.fixture.ts'
import type { Launch } from './stage.fixture.ts'

export function aMachinesPage(launch: Launch): void {
  let opened: Stage
  const stage = (): Stage => opened

  beforeAll(async () => {
    opened = await Stage.open(launch)
  }, 300_000)
  afterAll(() => opened.close(), 60_000)
  keepPictures(stage)

  screenToolSpecs(stage)
  serialToolSpecs(stage)
  deviceSpecs(stage)
  screenReturnsSpec(stage)
}
