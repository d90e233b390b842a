/** The processor's last minute of a machine that runs, and its share now. */
import { useCalmUsage } from '../../state/metrics.ts'
import { text } from '../../text/text.ts'
import { Sparkline } from '../../ui/sparkline.tsx'

const shownPoints = 45

export function CpuTrace({ machine }: { readonly machine: string }): React.ReactNode {
  const known = useCalmUsage(machine).flatMap(({ cpu }) => (cpu === null ? [] : [cpu])).slice(-shownPoints)
  const last = known.at(-1)
  return <div className="ml-cpu"><Sparkline values={known} length={shownPoints} />{last === undefined ? '' : <span aria-label={text.list.cpu(Math.round(last * 100))}>{Math.round(last * 100)} %</span>}</div>
}
