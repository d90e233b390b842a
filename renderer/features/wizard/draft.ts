/**
 * What somebody has said about a machine that is not made yet. Only what was said is kept; what
 * was not follows the image and the host. Stays when the wizard is closed with Esc.
 */
import { create } from 'zustand'

export const uses = ['desktop', 'server', 'windows', 'old', 'micro'] as const
export type Use = (typeof uses)[number]

export interface ForwardDraft {
  readonly key: number
  /** As typed: a port, or an address and a port. */
  readonly listen: string
  readonly guest: string
  readonly protocol: 'tcp' | 'udp'
  readonly suggested: boolean
}

/** An image's id; `tiny` where it has to be built first; `blank` for none. */
export type ImageChoice = string

export const tinyToBuild = 'tiny'
export const blankDisk = 'blank'

export interface Draft {
  readonly step: 0 | 1 | 2
  readonly image: ImageChoice | undefined
  readonly name: string | undefined
  readonly use: Use | undefined
  /** As typed. */
  readonly cpus: string | undefined
  readonly memory: string | undefined
  readonly disk: string | undefined
  readonly forwards: readonly ForwardDraft[] | undefined
  readonly uefi: boolean | undefined
  readonly secureBoot: boolean | undefined
  readonly tpm: boolean | undefined
  /** It deletes itself when it stops. */
  readonly throwaway: boolean
  readonly start: boolean
}

const empty: Draft = { step: 0, image: undefined, name: undefined, use: undefined, cpus: undefined, memory: undefined, disk: undefined, forwards: undefined, uefi: undefined, secureBoot: undefined, tpm: undefined, throwaway: false, start: true }

export const useDraft = create<Draft>(() => empty)

export function changeDraft(to: Partial<Draft>): void {
  useDraft.setState(to)
}

export function forgetDraft(): void {
  useDraft.setState(empty, true)
}
