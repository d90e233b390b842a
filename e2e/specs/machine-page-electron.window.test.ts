/** A machine's page in the desktop app. */
import { launchElectron } from '../drivers/electron.fixture.ts'
import { aMachinesPage } from './machine-page.fixture.ts'

aMachinesPage(launchElectron)
