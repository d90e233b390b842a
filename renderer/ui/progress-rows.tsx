/** Long work that belongs to what one looks at: how far it is, how to stop it, and what went wrong. */
import { X } from 'lucide-react'
import { IconButton } from './button.tsx'
import { Note } from './note.tsx'
import { StateShape } from './state-shape.tsx'
import './progress-rows.css'

export interface ProgressRow {
  readonly key: string | number
  readonly title: string
  readonly told: string
  /** Nothing is being done: it waits for somebody. */
  readonly waits?: boolean
  /** 0 to 1; undefined where nobody knows. */
  readonly progress: number | undefined
  readonly error: { readonly title: string; readonly message: string } | undefined
  readonly stop: () => void
  readonly dismiss: () => void
}

interface ProgressRowsProps {
  readonly rows: readonly ProgressRow[]
  readonly stopWord: string
  readonly dismissWord: string
}

export function ProgressRows({ rows, stopWord, dismissWord }: ProgressRowsProps): React.ReactNode {
  if (rows.length === 0) return null
  return (
    <ul className="mf-progress-rows">
      {rows.map(({ key, title, told, waits = false, progress, error, stop, dismiss }) => (
        <li key={key}>
          {error === undefined ? (
            <>
              <StateShape shape={waits ? 'paused' : 'busy'} />
              <span className="mf-grow">
                <span className="mf-row"><b className="mf-clip">{title}</b><span className="mf-sm mf-3 mf-push mf-clip">{told}</span></span>
                <span className="mf-bar" role="progressbar" aria-label={title} aria-valuemin={0} aria-valuemax={100} aria-valuenow={progress === undefined ? undefined : Math.round(progress * 100)}><i style={{ width: `${(progress ?? 0) * 100}%` }} /></span>
              </span>
              <IconButton icon={X} size="small" name={stopWord} onClick={stop} />
            </>
          ) : (
            <Note kind="bad" live title={error.title} actions={<IconButton icon={X} size="small" name={dismissWord} onClick={dismiss} />}>{error.message}</Note>
          )}
        </li>
      ))}
    </ul>
  )
}
