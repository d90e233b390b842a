/** One of many, with its label: the browser's own list, which every system and every screen reader knows. */
import { useId } from 'react'
import './choices.css'

interface SelectFieldProps {
  readonly label: string
  readonly hideLabel?: boolean
  readonly value: string
  readonly options: readonly { readonly value: string; readonly word: string }[]
  readonly hint?: string | undefined
  readonly onChange: (value: string) => void
}

export function SelectField({ label, hideLabel = false, value, options, hint, onChange }: SelectFieldProps): React.ReactNode {
  const id = useId()
  return (
    <div className="mf-labelled">
      <label htmlFor={id} className={hideLabel ? 'mf-hidden' : 'mf-2'}>{label}</label>
      <select id={id} className="mf-select" value={value} aria-describedby={hint === undefined ? undefined : `${id}-told`} onChange={(event) => onChange(event.target.value)}>
        {options.map(({ value: one, word }) => <option key={one} value={one}>{word}</option>)}
      </select>
      {hint === undefined ? null : <span id={`${id}-told`} className="mf-sm mf-3">{hint}</span>}
    </div>
  )
}
