import type { BootPhase } from '../../contract/machine.ts'

/** What a guest goes through as it comes up, in this order. */
export const bootPhases: readonly BootPhase[] = ['firmware', 'loader', 'kernel', 'userspace', 'ready']
