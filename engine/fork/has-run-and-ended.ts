/** Whether a throwaway's time has come. One that was made and never ran is still waited for. */
import { statesAtRest } from '../../contract/machine-state.ts'
import type { MachineCore } from '../machine/machine-core.ts'

export function hasRunAndEnded(core: MachineCore): boolean {
  const { life, lastExit } = core.stored
  return life.throwaway && statesAtRest.some((state) => state === core.state) && lastExit !== null && lastExit.kind !== 'launch-failed'
}
