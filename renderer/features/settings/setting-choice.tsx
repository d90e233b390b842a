/** A setting that is one of a few words, and what the chosen one means. Saved at once. */
import { SegmentedControl } from '@mantine/core'
import { useId } from 'react'

interface SettingChoiceProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly values: readonly { readonly value: Value; readonly label: string }[]
  readonly means?: string
  readonly onChoose: (value: Value) => void
}

export function SettingChoice<Value extends string>({ label, value, values, means, onChoose }: SettingChoiceProps<Value>): React.ReactNode {
  const id = useId()
  const choose = (chosen: string): void => {
    const known = values.find((candidate) => candidate.value === chosen)
    if (known !== undefined) onChoose(known.value)
  }
  return (
    <div className="setting">
      <span className="setting-name" id={id}>{label}</span>
      <span>
        <SegmentedControl aria-labelledby={id} value={value} onChange={choose} data={[...values]} />
        {means === undefined ? null : <span className="setting-means mf-sm mf-3">{means}</span>}
      </span>
    </div>
  )
}
