/** Which image: those there are, the tiny one, a file, or none. */
import { Disc3, Download, GitFork, HardDrive, Package, Search, SquareDashed, SquareTerminal } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { Image } from '../../../contract/image.ts'
import { useAddingRows } from '../../state/adding-rows.ts'
import { addFile, addPath, chooseFile, hasFileDialog, imageExtensions, useAdding } from '../../state/adding.ts'
import { useAppliances } from '../../state/appliances.ts'
import type { ApplianceFile } from '../../state/appliances.ts'
import { findTiny } from '../../state/find-tiny.ts'
import { useMirror } from '../../state/mirror.ts'
import { openOverlay } from '../../state/overlay.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { FileChooser } from '../../ui/file-chooser.tsx'
import { ProgressRows } from '../../ui/progress-rows.tsx'
import { formatBytes, formatMiB } from '../../ui/size-text.ts'
import { blankDisk, changeDraft, tinyToBuild } from './draft.ts'
import type { Plan } from './plan.ts'

interface Choice {
  readonly id: string
  readonly icon: LucideIcon
  readonly title: string
  readonly means: string
  readonly size: string
  readonly broken?: boolean
}

export function ImageStep({ plan }: { readonly plan: Plan }): React.ReactNode {
  const images = useMirror(({ images }) => images)
  const adding = useAddingRows()
  const [search, setSearch] = useState('')
  useChosenWhenAdded()
  const wanted = search.trim().toLowerCase()
  const appliances = useAppliances(({ list }) => list)
  const shown = [...appliances.map(choiceOfAppliance), ...choicesOf(images)].filter(({ title, means }) => `${title} ${means}`.toLowerCase().includes(wanted))
  return (
    <>
      <div className="wz-find">
        <span className="mf-field mf-grow"><Search size={14} strokeWidth={1.75} aria-hidden /><input type="search" aria-label={text.wizard.search} placeholder={text.wizard.search} value={search} onChange={({ target }) => setSearch(target.value)} /></span>
        <FileChooser
          words={text.adding}
          accept={imageExtensions.map((extension) => `.${extension}`).join()}
          onAsk={hasFileDialog() ? () => void chooseFile() : undefined}
          onFiles={(files) => files.forEach(addFile)}
          onPath={addPath}
        />
      </div>
      <h3 className="wz-sub" id="wz-images">{text.wizard.ready}</h3>
      <ProgressRows rows={adding} stopWord={text.adding.stop} dismissWord={text.error.dismiss} />
      {shown.length === 0 ? (
        <div className="mf-empty"><p>{text.wizard.noMatch(search)}</p><Button onClick={() => setSearch('')}>{text.wizard.clear}</Button></div>
      ) : (
        <div className="wz-images" role="radiogroup" aria-labelledby="wz-images">
          {shown.map(({ id, icon: Icon, title, means, size }) => (
            <label key={id} className="wz-image">
              <input type="radio" name="image" value={id} checked={plan.imageChoice === id} data-autofocus={plan.imageChoice === id ? true : undefined} onChange={() => changeDraft({ image: id })} />
              <Icon size={16} strokeWidth={1.75} aria-hidden />
              <span className="mf-grow mf-clip"><b>{title}</b><br /><span className="mf-3 mf-sm">{means}</span></span>
              <span className="mf-3 mf-sm wz-size">{size}</span>
            </label>
          ))}
        </div>
      )}
      <Templates wanted={wanted} />
      <div className="mf-drop"><Download size={14} strokeWidth={1.75} aria-hidden />{text.adding.drop}</div>
    </>
  )
}

/** A fork of a template is no new machine in all its parts: it is asked for in a dialog of its own. */
function Templates({ wanted }: { readonly wanted: string }): React.ReactNode {
  const templates = useMirror(({ templates }) => templates)
  const shown = templates.filter(({ name, checkpoint, broken }) => checkpoint !== null && broken === null && name.toLowerCase().includes(wanted))
  if (shown.length === 0) return null
  return (
    <>
      <h3 className="wz-sub" id="wz-templates">{text.wizard.orFork}</h3>
      <ul className="wz-images" aria-labelledby="wz-templates">
        {shown.map(({ machine, name, cpus, memoryMiB }) => (
          <li key={machine} className="wz-image">
            <GitFork size={16} strokeWidth={1.75} aria-hidden />
            <span className="mf-grow mf-clip"><b>{name}</b><br /><span className="mf-3 mf-sm">{text.wizard.templateMeans(text.machine.cpus(cpus), formatMiB(memoryMiB))}</span></span>
            <Button size="small" onClick={() => openOverlay({ kind: 'fork', machine })}>{text.wizard.forkTemplate}</Button>
          </li>
        ))}
      </ul>
    </>
  )
}

/** A file that was added while one looks is what one wants. */
function useChosenWhenAdded(): void {
  const list = useAdding(({ list }) => list)
  const known = useRef(new Set(list.filter(({ image }) => image !== undefined).map(({ key }) => key)))
  useEffect(() => {
    const [added] = list.filter(({ key, image }) => image !== undefined && !known.current.has(key))
    for (const { key, image } of list) if (image !== undefined) known.current.add(key)
    if (added?.image !== undefined) changeDraft({ image: added.image })
  }, [list])
}

function choicesOf(images: readonly Image[]): Choice[] {
  const tiny = findTiny(images)
  const newestFirst = images.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
  return [
    ...newestFirst.map((image) => choiceOf(image, image.id === tiny?.id)),
    ...(tiny === undefined ? [{ id: tinyToBuild, icon: SquareTerminal, title: text.wizard.tinyTitle, means: text.wizard.tinyBuilt, size: '' }] : []),
    { id: blankDisk, icon: SquareDashed, title: text.wizard.blankTitle, means: text.wizard.blankMeans, size: '' },
  ]
}

function choiceOfAppliance({ key, fileName, appliance }: ApplianceFile): Choice {
  return { id: key, icon: Package, title: appliance.name, means: text.appliance.fromFile(fileName), size: '' }
}

function choiceOf({ id, name, kind, sizeBytes, virtualBytes, broken }: Image, isTiny: boolean): Choice {
  const size = formatBytes(sizeBytes)
  const means = kind === 'iso' ? text.wizard.installer : kind === 'kernel' ? text.wizard.kernelImage : text.wizard.diskImage(formatBytes(virtualBytes ?? 0))
  const icon = kind === 'iso' ? Disc3 : kind === 'kernel' ? SquareTerminal : HardDrive
  if (broken !== null) return { id, icon, title: name, means: broken, size }
  return isTiny ? { id, icon, title: text.wizard.tinyTitle, means: text.wizard.tinyMeans, size } : { id, icon, title: name, means, size }
}
