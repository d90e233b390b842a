/** While a guest comes up: how far it is, since when, what is usual, and what it wrote last. Slow is never failed. */
import type { MachineSummary } from '../../../contract/machine.ts'
import { isBooting, restartsAgainAndAgain, useLastLines } from '../../state/boot.ts'
import { bootPhases } from '../../state/boot-phases.ts'
import { go } from '../../state/place.ts'
import { useNow } from '../../state/now.ts'
import { text } from '../../text/text.ts'
import { formatDuration } from '../../text/time.ts'
import { Button } from '../../ui/button.tsx'
import { formatMiB } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import './starting.css'

const words = text.starting
/** `ready` is where it ends. */
const shown = bootPhases.filter((phase) => phase !== 'ready')
/** Less than this is too little for most systems of today. */
const scarceMiB = 256

export function BootStrip({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  // Also because what is too old to be starting ends by itself.
  const now = useNow()
  if (!isBooting(machine)) return null
  const { bootPhase: phase, usualBootSeconds, startedAt } = machine
  const at = phase === null ? -1 : bootPhases.indexOf(phase)
  const elapsed = startedAt === null ? 0 : Math.max(0, (now - Date.parse(startedAt)) / 1000)
  const inVain = restartsAgainAndAgain(machine)
  return (
    <section className="boot" aria-label={words.label(machine.name)}>
      <div className="boot-line">
        <StateShape shape={inVain ? 'warning' : 'busy'} />
        <b role="status">{inVain ? words.again(machine.restartsInMinute) : phase === null ? words.begun : words.phaseNow[phase]}</b>
        <span className="mf-3 boot-time">{formatDuration(elapsed)}{usualBootSeconds === null ? '' : `, ${words.usually(formatDuration(usualBootSeconds))}`}</span>
        <ol className="boot-phases" aria-hidden>
          {shown.map((name, index) => <li key={name} className={index < at ? 'boot-done' : index === at ? 'boot-now' : ''}>{words.phases[name]}</li>)}
        </ol>
      </div>
      {inVain ? (
        <div className="boot-vain mf-sm">
          <p>{machine.memoryMiB < scarceMiB ? words.againMemory(formatMiB(machine.memoryMiB)) : words.againMore}</p>
          {machine.memoryMiB < scarceMiB ? <Button size="small" onClick={() => go({ view: 'machines', machine: machine.id, tab: 'hardware' })}>{words.giveMemory}</Button> : null}
          <Button size="small" onClick={() => go({ view: 'machines', machine: machine.id, tab: 'log' })}>{words.openLog}</Button>
        </div>
      ) : null}
      <LastLines machine={machine} />
    </section>
  )
}

function LastLines({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const lines = useLastLines(machine)
  return lines.length === 0 ? <p className="mf-sm mf-3">{words.silent}</p> : <pre aria-label={words.lastLines}>{lines.join('\n')}</pre>
}
