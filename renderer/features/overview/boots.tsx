/** How long the last boots took, phase by phase, beside each other and to scale. */
import type { MachineSummary } from '../../../contract/machine.ts'
import { useDetails } from '../../state/details.ts'
import { useNow } from '../../state/now.ts'
import { text } from '../../text/text.ts'
import { formatTook, formatWhen } from '../../text/time.ts'
import { bootParts } from './boot-parts.ts'
import type { BootPart } from './boot-parts.ts'
import './boots.css'

const shownBoots = 3

export function Boots({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const now = useNow()
  const boots = (useDetails(machine.id).details?.boots ?? []).map((boot) => ({ startedAt: boot.startedAt, parts: bootParts(boot), seconds: boot.readySeconds })).filter(({ parts }) => parts.length > 0).slice(-shownBoots).toReversed()
  const [last] = boots
  if (last === undefined) return null
  const words = text.starting
  // A guest that wrote nothing until it was ready is one grey bar, which tells nothing by itself.
  const isDivided = boots.some(({ parts }) => parts.some(({ phase }) => phase !== 'silent'))
  const longest = Math.max(...boots.map(({ seconds }) => seconds))
  return (
    <section>
      <h2 className="mf-h">{words.boot}<small>{words.readyAfter(took(last.seconds), formatWhen(last.startedAt, now))}</small></h2>
      {isDivided || boots.length > 1 ? <ul className="boots">
        {boots.map(({ startedAt, parts, seconds }, index) => (
          <li key={startedAt}>
            <span className="mf-2">{formatWhen(startedAt, now)}</span>
            <span className={index === 0 ? 'boots-bar boots-last' : 'boots-bar'} role="img" aria-label={words.bar(formatWhen(startedAt, now), parts.map((part) => `${nameOf(part)} ${took(part.seconds)}`).join(', '))}>
              {parts.map((part) => <i key={part.phase} className={`boots-${part.phase}`} style={{ width: `${(part.seconds / longest) * 100}%` }} title={`${nameOf(part)} ${took(part.seconds)}`} />)}
            </span>
            <b>{took(seconds)}</b>
          </li>
        ))}
      </ul> : null}
      {isDivided ? <p className="boots-legend mf-sm">{last.parts.map((part) => <span key={part.phase}><i className={`boots-${part.phase}`} />{nameOf(part)} <b>{took(part.seconds)}</b></span>)}</p> : <p className="mf-sm mf-2">{words.undivided}</p>}
    </section>
  )
}

function nameOf({ phase }: BootPart): string {
  return phase === 'silent' ? text.starting.beforeText : text.starting.phases[phase]
}

function took(seconds: number): string {
  return formatTook(seconds * 1000)
}
