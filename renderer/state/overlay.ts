/** What lies over the page: one thing at a time, never a dialog on a dialog. */
import { create } from 'zustand'
import type { MachineVerb } from './machine-verb.ts'

export type Overlay =
  | { readonly kind: 'wizard'; /** An image to begin with. */ readonly image?: string }
  | { readonly kind: 'palette' | 'shortcuts' }
  /** Asks before something is lost. */
  | { readonly kind: 'ask'; readonly verb: MachineVerb; readonly machines: readonly string[] }
  | { readonly kind: 'rename'; readonly machine: string }

interface OverlayState {
  readonly overlay: Overlay | undefined
}

export const useOverlay = create<OverlayState>(() => ({ overlay: undefined }))

export function openOverlay(overlay: Overlay): void {
  useOverlay.setState({ overlay })
}

export function closeOverlay(): void {
  useOverlay.setState({ overlay: undefined })
}

export function askFirst(verb: MachineVerb, machines: readonly string[]): void {
  openOverlay({ kind: 'ask', verb, machines })
}
