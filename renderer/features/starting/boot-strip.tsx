/** While a guest comes up: how far it is, since when, what is usual, and what it wrote last. Slow is never failed. */
import type { MachineSummary } from '../../../contract/machine.ts'
import { useBoot } from '../../state/boot.ts'
import { bootPhases } from '../../state/boot-phase.ts'
import { useNow } from '../../state/now.ts'
import { text } from '../../text/text.ts'
import { formatDuration } from '../../text/time.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import './starting.css'

/** `ready` is where it ends. */
const shown = bootPhases.filter((phase) => phase !== 'ready')

export function BootStrip({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const boot = useBoot(machine)
  const now = useNow()
  if (boot === undefined) return null
  const { phase, lines, usualSeconds, startedAt } = boot
  const words = text.starting
  const at = phase === undefined ? -1 : bootPhases.indexOf(phase)
  const elapsed = startedAt === '' ? 0 : Math.max(0, (now - Date.parse(startedAt)) / 1000)
  return (
    <section className="boot" aria-label={words.label(machine.name)}>
      <div className="boot-line">
        <StateShape shape="busy" />
        <b role="status">{phase === undefined ? words.begun : words.phaseNow[phase]}</b>
        <span className="mf-3 boot-time">{formatDuration(elapsed)}{usualSeconds === undefined ? '' : `, ${words.usually(formatDuration(usualSeconds))}`}</span>
        <ol className="boot-phases" aria-hidden>
          {shown.map((name, index) => <li key={name} className={index < at ? 'boot-done' : index === at ? 'boot-now' : ''}>{words.phases[name]}</li>)}
        </ol>
      </div>
      {lines.length === 0 ? <p className="mf-sm mf-3">{words.silent}</p> : <pre aria-label={words.lastLines}>{lines.join('\n')}</pre>}
    </section>
  )
}
