/**
 * OVA files this page knows, with what each would become: chosen in the wizard like an image, but
 * they become a machine and are no image. Kept here, so that leaving the wizard forgets none.
 */
import { create } from 'zustand'
import type { Appliance } from '../../contract/appliance.ts'
import type { Job } from '../../contract/job.ts'
import type { ApplianceChoice } from '../client/upload-image.ts'

export interface ApplianceFile {
  /** Tells it from images' ids. */
  readonly key: string
  readonly fileName: string
  /** Where it lies on the engine's host; undefined where a browser has sent it. */
  readonly path: string | undefined
  readonly appliance: Appliance
  readonly begin: (choice: ApplianceChoice) => Promise<Job>
  /** Lets go of what was sent and is not wanted. */
  readonly drop: () => void
}

interface AppliancesState {
  readonly list: readonly ApplianceFile[]
}

export const useAppliances = create<AppliancesState>(() => ({ list: [] }))

let lastNumber = 0

/** Answers with its key. */
export function addAppliance(file: Omit<ApplianceFile, 'key'>): string {
  const key = `ova:${++lastNumber}`
  useAppliances.setState(({ list }) => ({ list: [{ ...file, key }, ...list] }))
  return key
}

export function forgetAppliance(key: string): void {
  useAppliances.setState(({ list }) => ({ list: list.filter((file) => file.key !== key) }))
}
