/** Shuts a machine down and starts it again, so that what waits for the next start applies. */
import type { MachineSummary } from '../../contract/machine.ts'
import { performNow } from './machine-actions.ts'

/** What goes wrong on the way is kept with the machine, as with any action. */
export async function restart(machine: MachineSummary): Promise<void> {
  if (await performNow('shutDown', machine)) await performNow('start', machine)
}
