/**
 * Notices a guest that QEMU has stopped for good while its command runs: its kernel panicked, or a disk
 * cannot be written. No command in it ends any more, and nobody sits before a throwaway machine to help it.
 */
import { dirname } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { freeBytes } from '../storage/atomic-file.ts'

export interface StallWatch {
  /** Rejects when the guest has stalled; never resolves. */
  readonly stalled: Promise<never>
  forget(): void
}

export function watchForStall(core: MachineCore): StallWatch {
  let look: () => void = () => undefined
  const stalled = new Promise<never>((_resolve, reject) => {
    look = () => {
      if (core.state !== 'paused') return
      switch (core.pausedBy) {
        case 'guest-panic':
        case 'internal-error':
        case 'io-error':
          reject(new MayflyError('qmp-interrupted', `The guest stopped before the command ended. ${core.stateReason ?? ''}`.trim(), { command: 'exec' }, { next: 'Its serial log is in the evidence.' }))
          return
        case 'no-space': {
          const path = dirname(core.names.serialLog)
          void freeBytes(path).then((free) => reject(new MayflyError('no-space', 'The guest stopped before the command ended: there is no space left on the host for what it writes.', { path, needed: null, free }, { next: 'Free some space and run it again.' })))
          return
        }
        default:
      }
    }
  })
  stalled.catch(() => undefined)
  core.changeListeners.add(look)
  look()
  return { stalled, forget: () => core.changeListeners.delete(look) }
}
