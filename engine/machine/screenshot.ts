/** A picture of a machine's screen, taken by QEMU. */
import { closeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { MayflyError } from '../../contract/errors.ts'
import { loadNative } from '../native.ts'
import type { MachineCore } from './machine-core.ts'
import { liveOf } from './power.ts'

/** PNG bytes (QEMU writes PNG since 7.1). Throws `unsupported` for a machine without a screen. */
export async function takeScreenshot(core: MachineCore): Promise<Buffer> {
  core.require('pictured', ['running', 'paused', 'stopping'])
  if (core.run?.config.display.model === 'none') {
    throw new MayflyError('unsupported', `${core.name} has no screen.`, { needs: 'a display', have: 'none' }, { next: 'Use mayfly console, or give it a display.' })
  }
  // In memory: a PNG that QEMU cannot write to its end, because a disk is full, is the end of QEMU (libpng calls abort(3)).
  const picture = loadNative().memfdCreate('mayfly-screen', 0)
  try {
    await liveOf(core).qmp.execute('screendump', { filename: `/proc/${process.pid}/fd/${picture}`, format: 'png' })
    return await readFile(`/proc/self/fd/${picture}`)
  } finally {
    closeSync(picture)
  }
}
