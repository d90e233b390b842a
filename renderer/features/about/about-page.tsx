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
import './about.css'

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
        <div className="about">
          {error === undefined ? null : <Note kind="bad" title={text.about.noEngine}><p>{error.message} {error.next ?? ''}</p></Note>}
          <section>
            <h2 className="mf-h">Mayfly</h2>
            <dl className="about-facts">
              <Fact name={text.about.version}>{host?.mayflyVersion ?? info?.version}</Fact>
              {info === undefined ? null : (
                <>
                  <Fact name={text.about.engine}>{text.about.engineLine(info.pid, text.about.holders[info.holder] ?? info.holder, formatDuration((now - Date.parse(info.startedAt)) / 1000), formatBytes(info.residentBytes))}</Fact>
                  <Fact name={text.about.stays}>{info.obligations.length === 0 ? text.about.noObligations : info.obligations.map((obligation) => <p key={obligation}>{obligation}</p>)}</Fact>
                </>
              )}
              <Fact name={text.about.licence}>Apache-2.0</Fact>
            </dl>
          </section>
          {host === undefined ? null : (
            <section>
              <h2 className="mf-h">{text.list.host}</h2>
              <dl className="about-facts">
                <Fact name={text.about.system}>{host.os}, Linux {host.kernel}</Fact>
                <Fact name={text.about.processor}>{host.cpus} × {host.cpuModel}</Fact>
                <Fact name="QEMU">{host.qemu === null ? text.about.noQemu : `${host.qemu.version}, ${host.qemu.binary}`}</Fact>
                <Fact name={text.overview.accelerator}>{host.accelerator === null ? text.about.none : text.overview.accelerators[host.accelerator]}</Fact>
                <Fact name={text.about.data}><code>{host.folders.data}</code></Fact>
                <Fact name={text.about.config}><code>{host.folders.config}</code></Fact>
                <Fact name={text.about.cache}><code>{host.folders.cache}</code></Fact>
              </dl>
            </section>
          )}
        </div>
      </div>
    </div>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }): React.ReactNode {
  return <div><dt>{name}</dt><dd>{children}</dd></div>
}
