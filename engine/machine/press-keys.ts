/** Presses keys for somebody who has no screen open. Slower than a guest's keyboard forgets, so that none is lost. */
import type { KeyPlace } from '../../contract/key.ts'
import { keyCode } from '../qemu/qmp/key-codes.ts'
import type { MachineCore } from './machine-core.ts'
import { liveOf } from './power.ts'

/** How long keys are held, and let go before the next: a guest under emulation looks at its keyboard late. */
const heldMs = 15
const betweenMs = 15

/** One combination after the other; those before the one that failed have been pressed. Resolves when the last was let go, or somebody no longer waits. */
export async function pressKeys(core: MachineCore, presses: readonly (readonly KeyPlace[])[], signal?: AbortSignal): Promise<void> {
  core.require('typed to', ['running'])
  const { qmp } = liveOf(core)
  for (const places of presses) {
    if (signal?.aborted === true) return
    await qmp.execute('send-key', { keys: places.map((place) => ({ type: 'qcode', data: keyCode(place) })), 'hold-time': heldMs })
    await new Promise((resolve) => setTimeout(resolve, heldMs + betweenMs))
  }
}
