/** A machine is shut down and started again, so that what waits for the next start applies. The engine sees it through; here is only who waits for it. */
import { create } from 'zustand'
import type { MachineSummary } from '../../contract/machine.ts'
import { engine } from './connection.ts'

const useUnderWay = create<{ readonly machines: readonly string[] }>(() => ({ machines: [] }))

/** Whether this page has asked for it and has no answer yet. */
export function useIsRestarting(machine: string): boolean {
  return useUnderWay(({ machines }) => machines.includes(machine))
}

/** Rejects with what went wrong on the way. */
export async function restartMachine({ id }: Pick<MachineSummary, 'id'>, timeoutSeconds?: number): Promise<void> {
  useUnderWay.setState(({ machines }) => ({ machines: [...machines, id] }))
  try {
    await engine.machine.restart({ machine: id, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) })
  } finally {
    useUnderWay.setState(({ machines }) => ({ machines: machines.filter((one) => one !== id) }))
  }
}
