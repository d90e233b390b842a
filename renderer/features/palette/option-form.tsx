/** The options of an action as fields, with the line for a shell that follows as one types. */
import { Switch } from '@mantine/core'
import { useState } from 'react'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { wholeNumber } from './action-command.ts'
import type { ActionOption, OptionValues } from './action-command.ts'
import type { EntryOptions, PaletteEntry } from './find-entries.ts'

interface OptionFormProps {
  readonly entry: PaletteEntry
  readonly options: EntryOptions
  readonly onBack: () => void
  readonly onDone: () => void
}

export function OptionForm({ entry, options, onBack, onDone }: OptionFormProps): React.ReactNode {
  const [values, setValues] = useState<OptionValues>(options.initial)
  const set = (option: ActionOption, value: string): void => setValues((before) => ({ ...before, [option]: value }))
  const bad = options.list.find((option) => wrong(option, values[option] ?? '', options.needed.includes(option)) !== undefined)
  const command = options.command(values)
  const words = text.palette.options
  return (
    <form
      className="pal-form"
      aria-label={entry.label}
      onSubmit={(event) => {
        event.preventDefault()
        if (bad !== undefined) return
        onDone()
        options.run(values)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        onBack()
      }}
    >
      <h2 className="pal-form-title"><span className="pal-icon">{entry.icon}</span>{entry.label}</h2>
      <div className="pal-fields">
        {options.list.map((option, index) => option === 'throwaway'
          ? <Switch key={option} className="pal-switch" label={words.label[option]} data-mantine-stop-propagation checked={values[option] === 'yes'} onChange={(event) => set(option, event.currentTarget.checked ? 'yes' : '')} />
          : <TextField key={option} label={words.label[option]} value={values[option] ?? ''} placeholder={words.placeholder[option]} error={wrong(option, values[option] ?? '', options.needed.includes(option))} autoFocus={index === 0} data-mantine-stop-propagation="true" onChange={(value) => set(option, value)} />)}
      </div>
      <div className="mf-row pal-command"><code className="mf-cli mf-grow">{command}</code><CopyButton text={command} name={words.copy} copiedWord={text.copied} /></div>
      <div className="pal-form-foot">
        <Button data-mantine-stop-propagation="true" onClick={onBack}>{words.back}</Button>
        <Button look="filled" type="submit" data-mantine-stop-propagation="true">{entry.label}</Button>
      </div>
    </form>
  )
}

function wrong(option: ActionOption, value: string, needed: boolean): string | undefined {
  const words = text.palette.options
  if (value.trim() === '') return needed ? words.empty : undefined
  switch (option) {
    case 'count': return (wholeNumber(value) ?? 101) <= 100 ? undefined : words.badCount
    case 'timeoutSeconds': return (wholeNumber(value) ?? 3601) <= 3600 ? undefined : words.badSeconds
    case 'name': return value.trim().length <= 80 ? undefined : text.wizard.nameLong
    case 'label': case 'throwaway': return undefined
  }
}
