/** A setting that is typed. Saved when it is left or Enter is pressed; Esc brings back what counts. */
import { useId, useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import { text } from '../../text/text.ts'
import { StateShape } from '../../ui/state-shape.tsx'

interface SettingFieldProps {
  readonly label: string
  /** As it counts now. */
  readonly value: string
  readonly placeholder?: string
  /** Stands behind the field: a unit. */
  readonly after?: string
  readonly short?: boolean
  /** Stands beneath it. */
  readonly means?: string
  /** What is wrong with what was typed. */
  readonly wrong: (typed: string) => string | undefined
  /** Resolves to why it was not saved. */
  readonly save: (typed: string) => Promise<MayflyError | undefined>
}

export function SettingField({ label, value, placeholder, after, short = false, means, wrong, save }: SettingFieldProps): React.ReactNode {
  const id = useId()
  /** Undefined: nothing was typed since it was saved. */
  const [typed, setTyped] = useState<string>()
  const [refused, setRefused] = useState<string>()
  const [saved, setSaved] = useState(false)
  const error = (typed === undefined ? undefined : wrong(typed.trim())) ?? refused
  const keep = async (): Promise<void> => {
    const wanted = typed?.trim()
    if (wanted === undefined || wrong(wanted) !== undefined) return
    if (wanted === value) {
      setTyped(undefined)
      return
    }
    const why = await save(wanted)
    setRefused(why === undefined ? undefined : `${why.message} ${why.next ?? ''}`.trim())
    setSaved(why === undefined)
    if (why === undefined) setTyped(undefined)
  }
  return (
    <div className="setting">
      <label htmlFor={id} className="setting-name">{label}</label>
      <span>
        <span className="mf-row">
          <span className={`${error === undefined ? 'mf-field' : 'mf-field mf-field-bad'} ${short ? 'setting-short' : 'setting-long'}`}>
            <input
              id={id}
              type="text"
              value={typed ?? value}
              placeholder={placeholder}
              aria-invalid={error !== undefined}
              aria-describedby={`${id}-told`}
              autoComplete="off"
              spellCheck={false}
              onChange={({ target }) => {
                setTyped(target.value)
                setRefused(undefined)
                setSaved(false)
              }}
              onBlur={() => void keep()}
              onKeyDown={({ key }) => {
                if (key === 'Enter') void keep()
                if (key !== 'Escape') return
                setTyped(undefined)
                setRefused(undefined)
              }}
            />
          </span>
          {after === undefined ? null : <span className="mf-3">{after}</span>}
          <span id={`${id}-told`} role="status">{error !== undefined ? <span className="mf-bad-line"><StateShape shape="crashed" />{error}</span> : saved && typed === undefined ? <span className="mf-3 mf-sm"><StateShape shape="ok" /> {text.deciding.saved}</span> : null}</span>
        </span>
        {means === undefined ? null : <span className="setting-means mf-sm mf-3">{means}</span>}
      </span>
    </div>
  )
}
