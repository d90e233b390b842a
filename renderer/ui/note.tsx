/** Something that has to be said where it belongs: what happened, and the way on. */
import { StateShape } from './state-shape.tsx'

interface NoteProps {
  readonly kind: 'note' | 'warning' | 'bad'
  readonly title?: string
  readonly children?: React.ReactNode
  /** Buttons. */
  readonly actions?: React.ReactNode
  readonly live?: boolean
}

const shapeOf = { note: 'note', warning: 'warning', bad: 'crashed' } as const

export function Note({ kind, title, children, actions, live = false }: NoteProps): React.ReactNode {
  return (
    <div className={`mf-note ${kind === 'note' ? '' : `mf-note-${kind}`}`} role={live ? 'alert' : undefined}>
      <StateShape shape={shapeOf[kind]} />
      <div className="mf-grow">
        {title === undefined ? null : <p><b>{title}</b></p>}
        {children}
      </div>
      {actions === undefined ? null : <div className="mf-row">{actions}</div>}
    </div>
  )
}
