/** A picture of a machine's screen, taken by QEMU. */
import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import type { MachineCore } from './machine-core.ts'
import { liveOf } from './power.ts'

/** PNG bytes (QEMU writes PNG since 7.1). Throws `unsupported` for a machine without a screen. */
export async function takeScreenshot(core: MachineCore): Promise<Buffer> {
  core.require('pictured', ['running', 'paused', 'stopping'])
  if (core.run?.config.display.model === 'none') {
    throw new MayflyError('unsupported', `${core.name} has no screen.`, { needs: 'a display', have: 'none' }, { next: 'Use mayfly console, or give it a display.' })
  }
  const file = join(core.runtime.folder, `screen-${randomBytes(6).toString('hex')}.png`)
  try {
    await liveOf(core).qmp.execute('screendump', { filename: file, format: 'png' })
    return await readFile(file)
  } finally {
    await rm(file, { force: true })
  }
}
