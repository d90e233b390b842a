/** The specs in a browser, on `mayfly serve`. */
import { launchChromium } from '../drivers/chromium.fixture.ts'
import { aDayWithMayfly } from './day.fixture.ts'

aDayWithMayfly(launchChromium)
