/** The specs in the desktop app. */
import { launchElectron } from '../drivers/electron.fixture.ts'
import { aDayWithMayfly } from './day.fixture.ts'

aDayWithMayfly(launchElectron)
