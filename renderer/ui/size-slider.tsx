/**
 * A slider whose track is the host: what is safe, what is warned of and what is refused, what is
 * given and what others were promised. The value can be typed as well; what is refused cannot be
 * dragged to, and what is typed wrong is said beneath.
 */
import { useId, useState } from 'react'
import { placeOf, valueAt } from './slider-scale.ts'
import type { Scale } from './slider-scale.ts'
import { StateShape } from './state-shape.tsx'
import './size-slider.css'

export interface SliderZones extends Scale {
  /** Up to here nothing suffers. */
  readonly safeTo: number
  /** Up to here something may suffer; beyond it is refused. */
  readonly warnedTo: number
  /** What others were promised, one part each. Drawn from where it stops being safe. */
  readonly promised: readonly number[]
}

export interface SizeSliderProps {
  readonly label: string
  /** Undefined while what was typed means nothing. */
  readonly value: number | undefined
  /** As it stands in the field. */
  readonly typed: string
  readonly onChange: (typed: string) => void
  /** How a dragged value is written into the field. */
  readonly format: (value: number) => string
  readonly least: number
  readonly step: number
  readonly zones: SliderZones
  /** Which numbers stand under the track; the last carries the unit. */
  readonly ticks: readonly { readonly at: number; readonly word: string }[]
  /** What the value means for the host. */
  readonly says: string
  readonly error?: string | undefined
  /** Beside the field: when or how well it applies. */
  readonly badge: { readonly word: string; readonly kind: 'plain' | 'later' | 'warned' | 'refused' }
  /** What the guest has now, where it differs from what is asked for. */
  readonly now?: { readonly at: number; readonly word: string } | undefined
  /** What the guest uses of it. */
  readonly used?: number | undefined
  readonly fieldName: string
}

/** A word over a mark this far left on the track would stand over the slider's name. */
const nearBeginning = 0.2

export function SizeSlider({ label, value, typed, onChange, format, least, step, zones, ticks, says, error, badge, now, used, fieldName }: SizeSliderProps): React.ReactNode {
  const id = useId()
  const [focused, setFocused] = useState(false)
  const most = Math.max(least, Math.min(zones.warnedTo, zones.end))
  const shown = Math.min(Math.max(value ?? least, 0), zones.end)
  const place = (at: number): string => `${100 * placeOf(zones, at)}%`
  const width = (from: number, to: number): string => `${100 * Math.max(0, placeOf(zones, to) - placeOf(zones, from))}%`
  const promised = zones.promised.reduce((sum, part) => sum + part, 0)

  const take = (wanted: number): void => onChange(format(Math.min(Math.max(wanted, least), most)))
  const keyed = (event: React.KeyboardEvent): void => {
    const from = value ?? least
    const to = { ArrowRight: from + step, ArrowUp: from + step, ArrowLeft: from - step, ArrowDown: from - step, PageUp: from + 4 * step, PageDown: from - 4 * step, Home: least, End: most }[event.key]
    if (to === undefined || event.altKey || event.ctrlKey) return
    event.preventDefault()
    // From between two steps the next key leads to a step.
    take(event.key === 'Home' || event.key === 'End' ? to : to > from ? Math.floor(to / step) * step : Math.ceil(to / step) * step)
  }

  return (
    <div className="mf-slider" role="group" aria-label={label}>
      <label htmlFor={`${id}-field`}>{label}</label>
      <div className="mf-slider-track">
        <i className="mf-zone mf-zone-safe" style={{ left: 0, width: place(zones.safeTo) }} />
        {zones.warnedTo > zones.safeTo ? <i className="mf-zone mf-zone-warned" style={{ left: place(zones.safeTo), width: width(zones.safeTo, zones.warnedTo) }} /> : null}
        {zones.end > zones.warnedTo ? <i className="mf-zone mf-zone-refused" style={{ left: place(Math.max(zones.warnedTo, zones.safeTo)), width: width(Math.max(zones.warnedTo, zones.safeTo), zones.end) }} /> : null}
        <i className="mf-slider-given" style={{ width: place(Math.min(shown, zones.warnedTo)) }} />
        {used === undefined ? null : <i className="mf-slider-used" style={{ width: `max(calc(${place(used)} - 4px), 3px)` }} />}
        {now === undefined ? null : <i className={`mf-slider-now ${placeOf(zones, now.at) < nearBeginning ? 'mf-slider-now-first' : ''}`} style={{ left: place(now.at) }} data-word={now.word} />}
        {promised === 0 ? null : <span className="mf-slider-others" style={{ left: place(zones.safeTo), width: width(zones.safeTo, zones.safeTo + promised) }}>{zones.promised.map((part, index) => <i key={index} style={{ flex: part }} />)}</span>}
        <input
          type="range"
          min={0}
          max={1}
          step="any"
          value={placeOf(zones, shown)}
          aria-label={label}
          aria-valuetext={`${typed}. ${says}`}
          onKeyDown={keyed}
          onChange={({ target }) => take(Math.round(valueAt(zones, target.valueAsNumber) / step) * step)}
        />
        {ticks.map(({ at, word }, index) => <span key={at} className={`mf-slider-tick ${index === 0 ? 'mf-slider-first' : index === ticks.length - 1 ? 'mf-slider-last' : index % 2 === 1 ? 'mf-slider-odd' : ''}`} style={{ left: place(at) }}>{word}</span>)}
        <p className={`mf-slider-says ${error === undefined ? '' : 'mf-bad-line'}`} id={`${id}-says`} role={error === undefined || focused ? undefined : 'alert'}>{error === undefined ? says : <><StateShape shape="crashed" />{error}</>}</p>
      </div>
      <div className="mf-slider-value">
        <span className={error === undefined ? 'mf-field' : 'mf-field mf-field-bad'}>
          <input
            id={`${id}-field`}
            name={fieldName}
            value={typed}
            aria-invalid={error !== undefined}
            aria-describedby={`${id}-says`}
            autoComplete="off"
            spellCheck={false}
            onFocus={() => setFocused(true)}
            onBlur={() => {
              setFocused(false)
              if (value !== undefined && error === undefined) onChange(format(value))
            }}
            onChange={({ target }) => onChange(target.value)}
          />
        </span>
        <span className={`mf-when ${badge.kind === 'plain' ? '' : `mf-when-${badge.kind}`}`}>{badge.word}</span>
      </div>
    </div>
  )
}

/** Which zone a value lies in. */
export function zoneOf(zones: SliderZones, value: number): 'safe' | 'warned' | 'refused' {
  return value <= zones.safeTo ? 'safe' : value <= zones.warnedTo ? 'warned' : 'refused'
}

/** What the colours and patterns mean. */
export function SliderLegend({ words }: { readonly words: readonly { readonly kind: 'used' | 'given' | 'safe' | 'others' | 'warned' | 'refused'; readonly word: string }[] }): React.ReactNode {
  return <div className="mf-slider-legend">{words.map(({ kind, word }) => <span key={kind}><i className={`mf-swatch mf-swatch-${kind}`} />{word}</span>)}</div>
}
