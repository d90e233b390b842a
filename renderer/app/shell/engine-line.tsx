/** One line that says that the engine is away, and of when what is shown is. */
import { useMirror } from '../../state/mirror.ts'
import { text } from '../../text/text.ts'
import { formatWhen } from '../../text/time.ts'
import { StateShape } from '../../ui/state-shape.tsx'

export function EngineLine(): React.ReactNode {
  const phase = useMirror(({ phase }) => phase)
  const asOf = useMirror(({ asOf }) => asOf)
  return (
    <div role="status">
      {phase !== 'away' ? null : (
        <div className="app-engine-line">
          <StateShape shape="unknown" />
          <b>{text.engine.away}</b>
          {asOf === null ? null : <span>{text.engine.asOf(formatWhen(asOf, asOf))}</span>}
          <span className="mf-3">{text.engine.reconnect}</span>
        </div>
      )}
    </div>
  )
}
