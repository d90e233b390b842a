/** A field with its label, a hint, and its error beneath, told to screen readers too. */
import { useId } from 'react'
import { StateShape } from './state-shape.tsx'

interface TextFieldProps extends Omit<React.ComponentProps<'input'>, 'onChange' | 'value'> {
  readonly label: string
  /** The label is said, not shown. */
  readonly hideLabel?: boolean
  readonly value: string
  readonly error?: string | undefined
  readonly hint?: string | undefined
  readonly onChange: (value: string) => void
}

export function TextField({ label, hideLabel = false, value, error, hint, onChange, className = '', ...rest }: TextFieldProps): React.ReactNode {
  const id = useId()
  const told = error ?? hint
  return (
    <div className={`mf-labelled ${className}`}>
      <label htmlFor={id} className={hideLabel ? 'mf-hidden' : 'mf-2'}>{label}</label>
      <span className={error === undefined ? 'mf-field' : 'mf-field mf-field-bad'}>
        <input {...rest} id={id} value={value} aria-invalid={error !== undefined} aria-describedby={told === undefined ? undefined : `${id}-told`} autoComplete="off" spellCheck={false} onChange={(event) => onChange(event.target.value)} />
      </span>
      {error === undefined ? null : <span id={`${id}-told`} className="mf-bad-line" role="alert"><StateShape shape="crashed" />{error}</span>}
      {error === undefined && hint !== undefined ? <span id={`${id}-told`} className="mf-sm mf-3">{hint}</span> : null}
    </div>
  )
}
