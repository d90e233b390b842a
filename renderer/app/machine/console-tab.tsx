/** Screen and serial port of a machine, one of them or both. */
import type { MachineSummary } from '../../../contract/machine.ts'
import { SerialConsole } from '../../features/serial-console/serial-console.tsx'

export function ConsoleTab({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  return <SerialConsole machine={machine} />
}
