/** What lies over the page: one thing at a time, never a dialog on a dialog. */
import { create } from 'zustand'
import { keepFocus } from './focus-back.ts'
import type { MachineVerb } from './machine-verb.ts'

export type Overlay =
  | { readonly kind: 'wizard'; /** An image to begin with, or an appliance by its key. */ readonly image?: string }
  | { readonly kind: 'palette' | 'shortcuts' }
  /** Asks before something is lost. */
  | { readonly kind: 'ask'; readonly verb: MachineVerb; readonly machines: readonly string[] }
  | { readonly kind: 'rename'; readonly machine: string }
  /** Asks what a checkpoint of the present is to be. */
  | { readonly kind: 'take-checkpoint'; readonly machine: string }
  /** Something to be done with a checkpoint, or asked about it first. */
  | { readonly kind: 'checkpoint'; readonly what: CheckpointDialog; readonly machine: string; readonly checkpoint: string; /** What a restore begins with. */ readonly keepPresent?: boolean }
  /** How many forks, what they are called, how long they live. `checkpoint`: to begin from; else the present. */
  | { readonly kind: 'fork'; readonly machine: string; readonly checkpoint?: string }
  /** `name`: of the template to make anew. `machine`: what to make it of. */
  | { readonly kind: 'make-template'; readonly name?: string; readonly machine?: string }

export type CheckpointDialog = 'restore' | 'branch' | 'rename' | 'delete' | 'export' | 'compare'

interface OverlayState {
  readonly overlay: Overlay | undefined
}

export const useOverlay = create<OverlayState>(() => ({ overlay: undefined }))

export function openOverlay(overlay: Overlay): void {
  keepFocus()
  useOverlay.setState({ overlay })
}

export function closeOverlay(): void {
  useOverlay.setState({ overlay: undefined })
}

export function askFirst(verb: MachineVerb, machines: readonly string[]): void {
  openOverlay({ kind: 'ask', verb, machines })
}
