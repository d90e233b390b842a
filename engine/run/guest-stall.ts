/**
 * Notices a guest that QEMU has stopped for good while its command runs: its kernel panicked, or a disk
 * cannot be written. No command in it ends any more, and nobody sits before a throwaway machine to help it.
 */
import { once } from 'node:events'
import { dirname } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { freeBytes } from '../storage/atomic-file.ts'

export interface StallWatch {
  /** Aborts, with the reason, when the guest has stalled. */
  readonly signal: AbortSignal
  forget(): void
}

export function watchForStall(core: MachineCore): StallWatch {
  const stall = new AbortController()
  const look = (): void => {
    if (core.state !== 'paused') return
    switch (core.pausedBy) {
      case 'guest-panic':
      case 'internal-error':
      case 'io-error':
        stall.abort(new MayflyError('qmp-interrupted', `The guest stopped before the command ended. ${core.stateReason ?? ''}`.trim(), { command: 'exec' }, { next: 'Its serial log is in the evidence.' }))
        return
      case 'no-space': {
        const path = dirname(core.names.serialLog)
        void freeBytes(path).then((free) => stall.abort(new MayflyError('no-space', 'The guest stopped before the command ended: there is no space left on the host for what it writes.', { path, needed: null, free }, { next: 'Free some space and run it again.' })))
        return
      }
      default:
    }
  }
  core.changeListeners.add(look)
  look()
  return { signal: stall.signal, forget: () => core.changeListeners.delete(look) }
}

/** What comes of `work`, as long as `signal` has not aborted; then its reason is thrown, and `work` is left to itself. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController()
  try {
    return await Promise.race([work, aborted(signal, over.signal)])
  } finally {
    work.catch(() => undefined)
    over.abort()
  }
}

async function aborted(signal: AbortSignal, over: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort', { signal: over })
  throw signal.reason
}
