/** One line that says that the engine is away, of when what is shown is, and how to take the place of one that is frozen. */
import { useState } from 'react'
import { takeOverEngine } from '../../client/take-over.ts'
import { toMayflyError } from '../../state/failure.ts'
import { useMirror } from '../../state/mirror.ts'
import { text } from '../../text/text.ts'
import { formatWhen } from '../../text/time.ts'
import { Button } from '../../ui/button.tsx'
import { StateShape } from '../../ui/state-shape.tsx'

export function EngineLine(): React.ReactNode {
  const phase = useMirror(({ phase }) => phase)
  const asOf = useMirror(({ asOf }) => asOf)
  const frozen = useMirror(({ frozen }) => frozen)
  const noWay = useMirror(({ noWay }) => noWay)
  const sentence = frozen ?? (noWay ? text.engine.noWay : text.engine.away)
  return (
    <div role="status">
      {phase !== 'away' ? null : (
        <div className="app-engine-line">
          <StateShape shape="unknown" />
          <b className="mf-clip" title={sentence}>{sentence}</b>
          {asOf === null ? null : <span className="mf-wide-only">{text.engine.asOf(formatWhen(asOf, asOf))}</span>}
          {frozen === null ? <span className="mf-3">{text.engine.reconnect}</span> : <TakeOver />}
        </div>
      )}
    </div>
  )
}

function TakeOver(): React.ReactNode {
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<string>()
  const takeOver = async (): Promise<void> => {
    setBusy(true)
    try {
      await takeOverEngine()
      setFailed(undefined)
    } catch (error) {
      setFailed(toMayflyError(error).message)
    }
    setBusy(false)
  }
  return (
    <>
      <span className="mf-3 mf-clip">{failed ?? text.engine.takeOverMeans}</span>
      <span className="mf-push"><Button size="small" aria-busy={busy} cannot={busy ? text.engine.takingOver : undefined} onClick={() => void takeOver()}>{text.engine.takeOver}</Button></span>
    </>
  )
}
