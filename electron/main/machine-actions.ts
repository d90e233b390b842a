/** What can be done to a machine from outside the window: the same in the tray and at quitting. */
import type { MachineSummary } from '../../contract/machine.ts'
import type { EngineAccess } from '../../hosts/page/engine-access.ts'
import { withEngine } from '../../hosts/page/engine-access.ts'

export interface MachineAction {
  readonly label: string
  /** Rejects with `MayflyError`. */
  act(engine: EngineAccess): Promise<unknown>
}

/** The actions that are legal in the machine's state. */
export function machineActions({ id, state }: MachineSummary): readonly MachineAction[] {
  const shutDown: MachineAction = { label: 'Shut down', act: (engine) => withEngine(engine, ({ client }) => client.machine.stop({ machine: id })) }
  switch (state) {
    case 'running':
      return [shutDown, { label: 'Pause', act: (engine) => withEngine(engine, ({ client }) => client.machine.pause({ machine: id })) }]
    case 'paused':
      return [{ label: 'Resume', act: (engine) => withEngine(engine, ({ client }) => client.machine.resume({ machine: id })) }, shutDown]
    case 'stopped':
    case 'starting':
    case 'saving':
    case 'restoring':
    case 'stopping':
    case 'crashed':
    case 'broken':
    case 'unknown':
      return []
  }
}
