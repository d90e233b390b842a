/**
 * What went wrong with a machine and has not been seen to yet. Shown on the machine's page; where
 * that is not what one looks at, a toast says it too.
 */
import type { MayflyError } from '../../contract/errors.ts'
import { create } from 'zustand'

export interface Trouble {
  readonly machine: string
  /** What was being done, as a sentence: "Start web". */
  readonly doing: string
  readonly error: MayflyError
}

interface Troubles {
  readonly byMachine: Readonly<Record<string, Trouble>>
}

export const useTroubles = create<Troubles>(() => ({ byMachine: {} }))

export function setTrouble(trouble: Trouble): void {
  useTroubles.setState(({ byMachine }) => ({ byMachine: { ...byMachine, [trouble.machine]: trouble } }))
}

export function clearTrouble(machine: string): void {
  useTroubles.setState(({ byMachine }) => ({ byMachine: Object.fromEntries(Object.entries(byMachine).filter(([id]) => id !== machine)) }))
}
