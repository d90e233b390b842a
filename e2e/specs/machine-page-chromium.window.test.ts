/** A machine's page in a browser, on `mayfly serve`. */
import { launchChromium } from '../drivers/chromium.fixture.ts'
import { aMachinesPage } from './machine-page.fixture.ts'

aMachinesPage(launchChromium)
