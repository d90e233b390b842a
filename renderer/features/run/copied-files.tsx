/** What was copied out of a cell's guest: name and size of each file, each to be saved by itself. */
import { useEffect, useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import type { CopiedFile } from '../../../contract/run.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { readStream, saveFile } from '../../state/save-file.ts'
import { text } from '../../text/text.ts'
import { Note } from '../../ui/note.tsx'
import { formatBytes } from '../../ui/size-text.ts'

interface Listed {
  readonly files: readonly CopiedFile[]
  readonly count: number
  readonly bytes: number
}

interface CopiedFilesProps {
  readonly run: string
  readonly cell: number
  readonly name: string
  /** Files are there when its command has ended. */
  readonly over: boolean
  readonly notes: readonly string[]
}

export function CopiedFiles({ run, cell, name, over, notes }: CopiedFilesProps): React.ReactNode {
  const [listed, setListed] = useState<Listed>()
  const [error, setError] = useState<MayflyError>()
  const [saving, setSaving] = useState<number>()
  useEffect(() => {
    if (!over) return
    const abort = new AbortController()
    engine.run.files({ run, cell }, { signal: abort.signal }).then(setListed, (failure: unknown) => {
      if (!abort.signal.aborted) setError(toMayflyError(failure))
    })
    return () => abort.abort()
  }, [run, cell, over])

  async function save({ index, path }: CopiedFile): Promise<void> {
    setError(undefined)
    setSaving(index)
    try {
      const { ticket } = await engine.run.file({ run, cell, file: index })
      await saveFile(await readStream(ticket), path.split('/').at(-1) ?? 'file', text.runs.saveFile(path))
    } catch (failure) {
      setError(toMayflyError(failure))
    }
    setSaving(undefined)
  }

  return (
    <div className="rn-files mf-scroll" role="region" aria-label={text.runs.filesOf(name)} tabIndex={0} aria-busy={over && listed === undefined && error === undefined}>
      {error === undefined ? null : <Note kind="bad" live title={text.runs.fileNotSaved}>{error.message} {error.next}</Note>}
      {!over ? <p>{text.runs.filesLater}</p> : listed === undefined ? null : listed.count === 0 ? <p>{text.runs.filesNone}</p> : (
        <>
          <p className="mf-sm mf-3">{text.runs.filesInAll(listed.count, formatBytes(listed.bytes))}</p>
          <ul>
            {listed.files.map((file) => (
              <li key={file.index}>
                {file.kind === 'link' ? <span className="mf-clip mf-mono" title={file.path}>{file.path}</span> : <button type="button" className="rn-link mf-clip mf-mono" title={file.path} aria-label={text.runs.saveFile(file.path)} aria-busy={saving === file.index} onClick={() => void save(file)}>{file.path}</button>}
                <span className="mf-3">{file.kind === 'link' ? text.runs.fileLink : formatBytes(file.bytes)}</span>
              </li>
            ))}
          </ul>
          {listed.count > listed.files.length ? <p>{text.runs.filesMore(listed.count - listed.files.length)}</p> : null}
        </>
      )}
      {notes.map((note) => <p key={note}>{note}</p>)}
    </div>
  )
}
