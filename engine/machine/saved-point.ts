/** What a machine begins from instead of its firmware: the state of its devices, and its RAM. */
import type { OpenRamLayer } from '../qemu/process/ram-layer.ts'

/** The state of all devices as QEMU wrote it, with RAM in it where there are no layers. */
export type DeviceState = Uint8Array | { readonly file: string }

export interface SavedPoint {
  readonly state: DeviceState
  /** RAM, lowest layer first. Empty: it is in the stream. The caller keeps them open, and closes them. */
  readonly ram: readonly OpenRamLayer[]
  /** What it was saved with, and must be loaded with; default: as the machine's configuration says. */
  readonly accelerator?: 'kvm' | 'tcg' | undefined
  /** The guest must learn that it was restored or copied. */
  readonly newGeneration: boolean
}
