/** The templates: what each is, what it may grow to, who was forked from it, and what can be done with it. */
import { Menu } from '@mantine/core'
import { Ellipsis, GitFork, LayoutGrid, Play, Plus, RefreshCw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import type { Template } from '../../../contract/template.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { useMirror } from '../../state/mirror.ts'
import { useNow } from '../../state/now.ts'
import { openOverlay } from '../../state/overlay.ts'
import { go } from '../../state/place.ts'
import { changeRunDraft } from '../../state/run-draft.ts'
import { text } from '../../text/text.ts'
import { formatWhen } from '../../text/time.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { ProgressRows } from '../../ui/progress-rows.tsx'
import { formatBytes, formatMiB } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import { RemoveDialog } from './remove-dialog.tsx'
import { useMakingRows } from './use-making-rows.ts'
import '../../ui/choices.css'
import './templates.css'

const pools = ['auto', '0', '1', '2', '4', '8', '16'] as const

export function TemplatesPage(): React.ReactNode {
  const templates = useMirror(({ templates }) => templates)
  const live = useMirror(({ phase }) => phase === 'live')
  const making = useMakingRows()
  const [removing, setRemoving] = useState<Template>()
  const [error, setError] = useState<MayflyError>()
  const none = templates.length === 0 && live
  const make = (look: 'default' | 'filled'): React.ReactNode => <Button look={look} icon={Plus} onClick={() => openOverlay({ kind: 'make-template' })}>{text.templates.make}</Button>
  return (
    <div className="mf-page">
      <div className="mf-page-head">
        <div className="mf-grow"><h1>{text.templates.title}</h1><p>{text.templates.lead}</p></div>
        {none ? null : make('filled')}
      </div>
      <div className="mf-page-body mf-scroll">
        {error === undefined ? null : <Note kind="bad" live title={text.templates.notSet} actions={<Button size="small" onClick={() => setError(undefined)}>{text.error.dismiss}</Button>}>{error.message} {error.next}</Note>}
        <ProgressRows rows={making} stopWord={text.adding.stop} dismissWord={text.error.dismiss} />
        {none ? (
          <div className="mf-empty"><h2>{text.templates.none}</h2><p>{text.templates.noneMore}</p>{make('filled')}</div>
        ) : templates.length === 0 ? <div aria-busy>{[0, 1].map((row) => <div key={row} className="mf-still tp-still" />)}</div> : (
          <table className="mf-table tp-table">
            <thead><tr><th>{text.templates.name}</th><th className="tp-shape">{text.templates.size}</th><th className="tp-forks">{text.templates.forks}</th><th className="tp-pool">{text.templates.pool}</th><th className="tp-made">{text.templates.made}</th><th className="tp-do"><span className="mf-hidden">{text.templates.actions}</span></th></tr></thead>
            <tbody>{templates.map((template) => <Row key={template.machine} template={template} onRemove={() => setRemoving(template)} onError={setError} />)}</tbody>
          </table>
        )}
      </div>
      {removing === undefined ? null : <RemoveDialog template={removing} onClose={() => setRemoving(undefined)} />}
    </div>
  )
}

interface RowProps {
  readonly template: Template
  readonly onRemove: () => void
  readonly onError: (error: MayflyError) => void
}

function Row({ template, onRemove, onError }: RowProps): React.ReactNode {
  const { machine, name, checkpoint, madeAt, ready, image, outdated, cpus, memoryMiB, ceilings, sizeBytes, forks, pool, broken } = template
  const now = useNow()
  const usable = checkpoint !== null && broken === null
  const cannot = usable ? undefined : (broken ?? text.templates.making)
  const wanted = String(pool.wanted)
  const grows = ceilings.cpus > cpus || ceilings.memoryMiB > memoryMiB
  return (
    <tr>
      <th scope="row">
        <span className="mf-row tp-name">
          <StateShape shape={broken !== null ? 'crashed' : checkpoint === null ? 'busy' : outdated ? 'warning' : 'ok'} label={broken !== null ? text.templates.broken : checkpoint === null ? text.templates.making : outdated ? text.templates.outdated : text.templates.ready} />
          <span className="mf-grow"><b className="mf-clip">{name}</b><span className="mf-3 mf-sm mf-clip tp-second" title={broken ?? undefined}>{broken ?? [image?.name, text.templates.readyWhen(readyWords(ready)), ...(outdated ? [text.templates.outdated] : [])].filter((part) => part !== undefined).join(', ')}</span></span>
        </span>
      </th>
      <td>{text.templates.shape(text.machine.cpus(cpus), formatMiB(memoryMiB))}<span className="mf-3 mf-sm tp-second mf-clip">{grows ? text.templates.upTo(ceilings.cpus, formatMiB(ceilings.memoryMiB)) : formatBytes(sizeBytes)}</span></td>
      <td>{forks === 0 ? 0 : <button type="button" className="mf-link" onClick={() => go({ view: 'grid', of: 'forks', id: machine })}>{forks}<span className="mf-hidden"> {text.templates.forksOf(name)}</span></button>}</td>
      <td>
        <select className="mf-select tp-select" aria-label={text.templates.poolOf(name)} title={text.templates.poolMeans} value={wanted} onChange={({ target }) => void engine.template.setPool({ template: machine, wanted: target.value }).catch((failure: unknown) => onError(toMayflyError(failure)))}>
          {[...new Set<string>([...pools, wanted])].map((value) => <option key={value} value={value}>{value === 'auto' ? text.templates.poolChoices.auto : value === '0' ? text.templates.poolChoices.none : value}</option>)}
        </select>
        <span className="mf-3 mf-sm tp-second">{text.templates.poolNow(pool.waiting)}</span>
      </td>
      <td>{madeAt === null ? '' : formatWhen(madeAt, now)}</td>
      <td>
        <span className="tp-acts">
          <Button size="small" icon={Play} aria-label={text.templates.runOf(name)} cannot={cannot} onClick={() => {
            changeRunDraft({ template: machine })
            go({ view: 'runs', run: 'new' })
          }}>{text.templates.run}</Button>
          <Button size="small" icon={GitFork} aria-label={text.templates.forkOf(name)} cannot={cannot} onClick={() => openOverlay({ kind: 'fork', machine })}>{text.templates.fork}</Button>
          <Menu position="bottom-end">
            <Menu.Target><IconButton size="small" icon={Ellipsis} name={text.grid.moreOf(name)} /></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<LayoutGrid size={16} strokeWidth={1.75} aria-hidden />} onClick={() => go({ view: 'grid', of: 'forks', id: machine })}>{text.templates.gridOf(name)}</Menu.Item>
              <Menu.Item leftSection={<RefreshCw size={16} strokeWidth={1.75} aria-hidden />} onClick={() => openOverlay({ kind: 'make-template', name })}>{text.templates.remakeOf(name)}</Menu.Item>
              <Menu.Divider />
              <Menu.Item data-danger leftSection={<Trash2 size={16} strokeWidth={1.75} aria-hidden />} onClick={onRemove}>{text.templates.removeOf(name)}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </span>
      </td>
    </tr>
  )
}

function readyWords(ready: string): string {
  if (ready === 'agent') return text.templates.readyWords.agent
  if (ready === 'helper') return text.templates.readyWords.helper
  const [kind = '', ...rest] = ready.split(':')
  return kind === 'serial' ? text.templates.readyWords.serial(rest.join(':')) : text.templates.readyWords.command(rest.join(':'))
}
