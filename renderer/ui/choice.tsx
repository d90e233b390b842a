/** One of a few, all in sight, with a label and what the chosen one means. */
import { SegmentedControl } from '@mantine/core'
import { useId } from 'react'
import './choices.css'

interface ChoiceProps<T extends string> {
  readonly label: string
  readonly value: T
  readonly values: readonly T[]
  readonly words: Readonly<Record<T, string>>
  readonly hint?: string | undefined
  readonly onChange: (value: T) => void
}

export function Choice<T extends string>({ label, value, values, words, hint, onChange }: ChoiceProps<T>): React.ReactNode {
  const id = useId()
  return (
    <div className="mf-labelled">
      <span id={id} className="mf-2">{label}</span>
      <SegmentedControl
        className="mf-choice"
        aria-labelledby={id}
        value={value}
        data={values.map((one) => ({ value: one, label: words[one] }))}
        onChange={(chosen) => {
          const found = values.find((one) => one === chosen)
          if (found !== undefined) onChange(found)
        }}
      />
      {hint === undefined ? null : <span className="mf-sm mf-3">{hint}</span>}
    </div>
  )
}
