/** Which Mayfly this is, on what, and everything a report needs, to copy. */
import { useEffect, useState } from 'react'
import type { EngineInfo } from '../../../contract/host.ts'
import type { MayflyError } from '../../../contract/errors.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { useHost } from '../../state/host.ts'
import { useMirror } from '../../state/mirror.ts'
import { useNow } from '../../state/now.ts'
import { text } from '../../text/text.ts'
import { formatDuration } from '../../text/time.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Note } from '../../ui/note.tsx'
import { formatBytes } from '../../ui/size-text.ts'

export function AboutPage(): React.ReactNode {
  const { host } = useHost()
  const now = useNow()
  const phase = useMirror(({ phase }) => phase)
  const [info, setInfo] = useState<EngineInfo>()
  const [error, setError] = useState<MayflyError>()
  useEffect(() => {
    if (phase !== 'live') return
    const abort = new AbortController()
    engine.engine.info({}, { signal: abort.signal }).then(setInfo, (failure: unknown) => (abort.signal.aborted ? undefined : setError(toMayflyError(failure))))
    return () => abort.abort()
  }, [phase])
  const diagnostics = JSON.stringify({ engine: info, host, browser: navigator.userAgent }, undefined, 2)
  return (
    <div className="mf-page">
      <div className="mf-page-head">
        <div className="mf-grow"><h1>{text.nav.about}</h1><p>{text.about.what}</p></div>
        <CopyButton look="default" text={diagnostics} name={text.about.copy} word={text.about.copy} copiedWord={text.copied} />
      </div>
      <div className="mf-page-body mf-scroll">
        {error === undefined ? null : <Note kind="bad" title={text.about.noEngine}><p>{error.message} {error.next ?? ''}</p></Note>}
        <section>
          <h2 className="mf-h">Mayfly</h2>
          <dl className="mf-dl">
            <dt>{text.about.version}</dt><dd>{host?.mayflyVersion ?? info?.version}</dd>
            {info === undefined ? null : (
              <>
                <dt>{text.about.engine}</dt><dd>{text.about.engineLine(info.pid, text.about.holders[info.holder] ?? info.holder, formatDuration((now - Date.parse(info.startedAt)) / 1000), formatBytes(info.residentBytes))}</dd>
                <dt>{text.about.stays}</dt><dd>{info.obligations.length === 0 ? text.about.noObligations : info.obligations.join('; ')}</dd>
              </>
            )}
            <dt>{text.about.licence}</dt><dd>Apache-2.0</dd>
          </dl>
        </section>
        {host === undefined ? null : (
          <section>
            <h2 className="mf-h">{text.list.host}</h2>
            <dl className="mf-dl">
              <dt>{text.about.system}</dt><dd>{host.os}, Linux {host.kernel}</dd>
              <dt>{text.about.processor}</dt><dd>{host.cpus} × {host.cpuModel}</dd>
              <dt>QEMU</dt><dd>{host.qemu === null ? text.about.noQemu : `${host.qemu.version}, ${host.qemu.binary}`}</dd>
              <dt>{text.overview.accelerator}</dt><dd>{host.accelerator === null ? text.about.none : text.overview.accelerators[host.accelerator]}</dd>
              <dt>{text.about.data}</dt><dd><code>{host.folders.data}</code></dd>
              <dt>{text.about.config}</dt><dd><code>{host.folders.config}</code></dd>
              <dt>{text.about.cache}</dt><dd><code>{host.folders.cache}</code></dd>
            </dl>
          </section>
        )}
      </div>
    </div>
  )
}
