/** The images of this host: what there is, what uses it, how more come and how one goes. */
import { Download, Hammer } from 'lucide-react'
import { useState } from 'react'
import type { Image } from '../../../contract/image.ts'
import type { MayflyError } from '../../../contract/errors.ts'
import { useAddingRows } from '../../state/adding-rows.ts'
import { addFile, addPath, chooseFile, hasFileDialog, imageExtensions } from '../../state/adding.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { useMirror } from '../../state/mirror.ts'
import { useTiny, useTinyJob } from '../../state/tiny-image.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { FileChooser } from '../../ui/file-chooser.tsx'
import { Note } from '../../ui/note.tsx'
import { ProgressRows } from '../../ui/progress-rows.tsx'
import type { ProgressRow } from '../../ui/progress-rows.tsx'
import { formatBytes } from '../../ui/size-text.ts'
import { ImageTable } from './image-table.tsx'
import { RemoveDialog } from './remove-dialog.tsx'
import { useImages } from './use-images.ts'
import './images.css'

export function ImagesPage(): React.ReactNode {
  const phase = useMirror(({ phase }) => phase)
  const images = useImages()
  const adding = useAddingRows()
  const tiny = useTiny()
  const job = useTinyJob()
  const [removing, setRemoving] = useState<Image>()
  const [error, setError] = useState<MayflyError>()
  const build = (): void => {
    setError(undefined)
    engine.image.build({ recipe: 'tiny' }).catch((failure: unknown) => setError(toMayflyError(failure)))
  }
  const failedBuild = useMirror(({ jobs }) => jobs.find(({ kind }) => kind === 'image.build'))
  const [seen, setSeen] = useState<string>()
  const rows: ProgressRow[] = [
    ...(job === undefined ? [] : [{ key: job.id, title: job.title, told: job.stage, progress: job.progress ?? undefined, error: undefined, stop: () => void engine.job.cancel({ job: job.id }).catch((failure: unknown) => setError(toMayflyError(failure))), dismiss: () => undefined }]),
    ...(failedBuild?.state !== 'failed' || failedBuild.id === seen || failedBuild.error === null || tiny !== undefined ? [] : [{ key: failedBuild.id, title: failedBuild.title, told: '', progress: undefined, error: { title: text.error.couldNot(failedBuild.title), message: `${failedBuild.error.message} ${failedBuild.error.next ?? ''}`.trim() }, stop: () => undefined, dismiss: () => setSeen(failedBuild.id) }]),
    ...adding,
  ]
  const chooser = (
    <FileChooser
      words={text.adding}
      accept={imageExtensions.map((extension) => `.${extension}`).join()}
      onAsk={hasFileDialog() ? () => void chooseFile() : undefined}
      onFiles={(files) => files.forEach(addFile)}
      onPath={addPath}
    />
  )
  const buildButton = (look: 'default' | 'filled'): React.ReactNode => <Button look={look} icon={Hammer} cannot={job !== undefined ? text.images.building : tiny !== undefined ? text.images.tinyThere : undefined} onClick={build}>{text.images.buildTiny}</Button>
  const none = images.length === 0 && phase === 'live'
  const bytes = images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return (
    <div className="mf-page">
      <div className="mf-page-head">
        <div className="mf-grow"><h1>{text.images.list}</h1><p>{text.images.lead}</p></div>
      </div>
      <div className="im">
        <div className="im-main mf-scroll">
          {error === undefined ? null : <Note kind="bad" live title={text.error.couldNot(text.images.buildTiny)} actions={<Button size="small" onClick={() => setError(undefined)}>{text.error.dismiss}</Button>}>{error.message} {error.next}</Note>}
          <ProgressRows rows={rows} stopWord={text.adding.stop} dismissWord={text.error.dismiss} />
          {none ? (
            <div className="mf-empty im-empty">
              <h2>{text.images.none}</h2>
              <p>{text.images.noneMore}</p>
            </div>
          ) : images.length === 0 ? (
            <div aria-busy className="im-still">{[0, 1, 2].map((row) => <div key={row} className="mf-still" />)}</div>
          ) : (
            <>
              <ImageTable images={images} onRemove={setRemoving} />
              <p className="im-sum mf-sm mf-3">{text.images.sum(images.length, formatBytes(bytes))}</p>
            </>
          )}
        </div>
        <aside className="im-side mf-scroll" aria-label={text.images.add}>
          <section>
            <h2 className="mf-h">{text.images.add}</h2>
            <div className="mf-drop im-drop"><Download size={20} strokeWidth={1.75} aria-hidden /><span>{text.adding.drop}</span></div>
            <div className="im-acts">{chooser}</div>
            <p className="mf-sm mf-3">{text.images.kindsTaken}</p>
          </section>
          <section>
            <h2 className="mf-h">{text.wizard.tinyTitle}</h2>
            <p className="mf-sm mf-2 im-means">{text.images.buildTinyMeans}</p>
            {buildButton(none ? 'filled' : 'default')}
            {tiny === undefined || job !== undefined ? null : <p className="mf-sm mf-3 im-why">{text.images.tinyThere}</p>}
          </section>
        </aside>
      </div>
      {removing === undefined ? null : <RemoveDialog image={images.find(({ id }) => id === removing.id) ?? removing} onClose={() => setRemoving(undefined)} />}
    </div>
  )
}
