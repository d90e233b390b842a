/**
 * One line in the window that is a client: which other process holds the engine. What becomes of
 * work when Mayfly is quit follows from it. Put away, it stays away for that kind of holder.
 */
import { useEffect, useState } from 'react'
import { X } from 'lucide-react'
import type { EngineInfo } from '../../../contract/host.ts'
import { desktopBridge } from '../../client/connect.ts'
import { engine } from '../../state/connection.ts'
import { recall, remember } from '../../state/memory.ts'
import { useMirror } from '../../state/mirror.ts'
import { text } from '../../text/text.ts'
import { IconButton } from '../../ui/button.tsx'

const key = 'client-of'
const own = 'window'

function isKinds(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((kind) => typeof kind === 'string')
}

export function ClientLine(): React.ReactNode {
  const phase = useMirror(({ phase }) => phase)
  const [info, setInfo] = useState<EngineInfo>()
  const [putAway, setPutAway] = useState(() => recall(key, isKinds, []))
  useEffect(() => {
    if (desktopBridge() === undefined || phase !== 'live') return
    const abort = new AbortController()
    // Where it is not told, the engine has gone again; its return is told by the phase.
    engine.engine.info({}, { signal: abort.signal }).then(setInfo, () => undefined)
    return () => abort.abort()
  }, [phase])
  const isShown = info !== undefined && phase === 'live' && info.holder !== own && !putAway.includes(info.holder)
  const dismiss = (holder: string): void => {
    const kinds = [...putAway, holder]
    setPutAway(kinds)
    remember(key, kinds)
  }
  return (
    <div role="status">
      {!isShown ? null : (
        <div className="app-engine-line app-client-line">
          <b className="mf-clip">{text.client.of(text.client.holders[info.holder] ?? info.holder, info.pid)}</b>
          <span className="mf-3 mf-clip mf-wide-only">{text.client.means}</span>
          <span className="mf-push"><IconButton icon={X} size="small" name={text.error.dismiss} onClick={() => dismiss(info.holder)} /></span>
        </div>
      )}
    </div>
  )
}
