/** Every corner of a machine's page, in whichever host: its consoles' tools, its overview, its devices, its logs. */
import { deviceSpecs } from './devices.fixture.ts'
import { screenReturnsSpec, screenToolSpecs } from './screen-tools.fixture.ts'
import { serialToolSpecs } from './serial-tools.fixture.ts'
import { openStage } from './stage.fixture.ts'
import type { Launch } from './stage.fixture.ts'

export function aMachinesPage(launch: Launch): void {
  const stage = openStage(launch)

  screenToolSpecs(stage)
  serialToolSpecs(stage)
  deviceSpecs(stage)
  screenReturnsSpec(stage)
}
