/** What the host has promised once the next start has been. */
import type { HostInfo } from '../../../contract/host.ts'
import type { MachineConfig, MachineSummary } from '../../../contract/machine.ts'
import { machinesBeside, memoryZones } from '../../state/host-zones.ts'
import { useMirror } from '../../state/mirror.ts'
import { text } from '../../text/text.ts'
import { formatMiB } from '../../ui/size-text.ts'

export function HostAfter({ machine, config, host }: { readonly machine: MachineSummary; readonly config: MachineConfig; readonly host: HostInfo }): React.ReactNode {
  const machines = useMirror(({ machines }) => machines)
  const beside = machinesBeside(machines, machine.id)
  const { end, kept } = memoryZones(host, beside)
  const others = beside.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0)
  const free = Math.max(0, end - kept - others - config.memoryMiB)
  const share = (part: number): string => `${Math.min(100, (part / end) * 100)}%`
  return (
    <section>
      <h2 className="mf-h">{text.hardware.hostAfter}</h2>
      <p className="mf-sm mf-2">{text.hardware.hostPromised(formatMiB(others + config.memoryMiB), formatMiB(end - kept), beside.reduce((sum, { cpus }) => sum + cpus, 0) + config.cpus, host.cpus)}</p>
      <div className="hw-bar" aria-hidden><i className="hw-own" style={{ width: share(config.memoryMiB) }} /><i className="hw-others" style={{ width: share(others) }} /><i className="hw-free" style={{ width: share(free) }} /></div>
      <p className="mf-xs mf-3">{text.hardware.hostParts(machine.name, formatMiB(config.memoryMiB), formatMiB(others), formatMiB(free), formatMiB(kept))}</p>
    </section>
  )
}
