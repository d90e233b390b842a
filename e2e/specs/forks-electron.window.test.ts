/** Checkpoints, forks and runs in the desktop app. */
import { launchElectron } from '../drivers/electron.fixture.ts'
import { anHourOfForks } from './forks.fixture.ts'

anHourOfForks(launchElectron)
