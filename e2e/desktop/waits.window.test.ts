/** What takes its time because somebody waits for something, and not because much is done: side by side. */
import { deadLinkSpecs } from './dead-link.fixture.ts'
import { frozenEngineSpecs } from './frozen-engine.fixture.ts'
import { withoutEngineSpecs } from './without-engine.fixture.ts'

deadLinkSpecs()
frozenEngineSpecs()
withoutEngineSpecs()
