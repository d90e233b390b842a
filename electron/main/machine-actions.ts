/** What can be done to a machine from outside the window. */
import type { MachineSummary } from '../../contract/machine.ts'
import type { EngineAccess } from '../../hosts/page/engine-access.ts'
import { withEngine } from '../../hosts/page/engine-access.ts'
import { text } from '../../hosts/page/text/text.ts'

export interface MachineAction {
  readonly label: string
  /** Rejects with `MayflyError`. */
  act(engine: EngineAccess): Promise<unknown>
}

/** The actions that are legal in the machine's state. */
export function machineActions({ id, state }: MachineSummary): readonly MachineAction[] {
  const shutDown: MachineAction = { label: text.machine.shutDown, act: (engine) => withEngine(engine, ({ client }) => client.machine.stop({ machine: id })) }
  switch (state) {
    case 'running':
      return [shutDown, { label: text.machine.pause, act: (engine) => withEngine(engine, ({ client }) => client.machine.pause({ machine: id })) }]
    case 'paused':
      return [{ label: text.machine.resume, act: (engine) => withEngine(engine, ({ client }) => client.machine.resume({ machine: id })) }, shutDown]
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
