/** Checkpoints, forks and runs in a browser, on `mayfly serve`. */
import { launchChromium } from '../drivers/chromium.fixture.ts'
import { anHourOfForks } from './forks.fixture.ts'

anHourOfForks(launchChromium)
