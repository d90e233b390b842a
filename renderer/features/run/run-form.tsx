/** What a run is to be: a template, a command, and how often with what. The equal command line follows as one types. */
import { Switch } from '@mantine/core'
import { Play, Plus, X } from 'lucide-react'
import { useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { useMirror } from '../../state/mirror.ts'
import { openOverlay } from '../../state/overlay.ts'
import { go } from '../../state/place.ts'
import { changeRunDraft, useRunDraft } from '../../state/run-draft.ts'
import type { MatrixKey } from '../../state/run-draft.ts'
import { text } from '../../text/text.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Note } from '../../ui/note.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { formatBytes, formatMiB } from '../../ui/size-text.ts'
import { TextField } from '../../ui/text-field.tsx'
import { givenFiles, planRun } from './plan-run.ts'

export function RunForm(): React.ReactNode {
  const draft = useRunDraft()
  const templates = useMirror(({ templates }) => templates).filter(({ checkpoint, broken }) => checkpoint !== null && broken === null)
  const live = useMirror(({ phase }) => phase === 'live')
  const plan = planRun(draft, templates)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<MayflyError>()
  // What is empty is no mistake before one pressed Run.
  const issue = (field: string, typed: string): string | undefined => (tried || typed.trim() !== '' ? plan.issues.get(field) : undefined)

  async function start(): Promise<void> {
    setTried(true)
    setError(undefined)
    if (plan.request === undefined) {
      document.querySelector<HTMLElement>(`[name="${[...plan.issues.keys()][0]}"]`)?.focus()
      return
    }
    setBusy(true)
    try {
      const { run } = await engine.run.start({ ...plan.request, ...givenFiles(draft) })
      go({ view: 'runs', run: run.id })
    } catch (failure) {
      setError(toMayflyError(failure))
    }
    setBusy(false)
  }

  if (live && templates.length === 0) {
    return (
      <div className="mf-page">
        <div className="mf-page-head"><div className="mf-grow"><h1>{text.runs.form.title}</h1><p>{text.runs.lead}</p></div></div>
        <div className="mf-page-body"><div className="mf-empty"><h2>{text.templates.none}</h2><p>{text.runs.needTemplate} {text.templates.noneMore}</p><Button look="filled" onClick={() => openOverlay({ kind: 'make-template' })}>{text.runs.form.makeTemplate}</Button></div></div>
      </div>
    )
  }

  const changeKey = (index: number, to: Partial<MatrixKey>): void => changeRunDraft({ matrix: draft.matrix.map((entry, at) => (at === index ? { ...entry, ...to } : entry)) })
  const { template } = plan
  return (
    <form
      className="mf-page"
      onSubmit={(event) => {
        event.preventDefault()
        void start()
      }}
    >
      <div className="mf-page-head">
        <div className="mf-grow"><h1>{text.runs.form.title}</h1><p>{plan.cells === undefined ? text.runs.form.lead : text.runs.form.total(plan.cells)}</p></div>
        <div className="mf-row"><Button onClick={() => go({ view: 'runs' })}>{text.cancel}</Button><Button look="filled" icon={Play} type="submit" cannot={busy ? text.runs.form.starting : undefined}>{text.runs.form.go(plan.cells ?? 1)}</Button></div>
      </div>
      <div className="mf-page-body mf-scroll">
        <div className="rn-form">
          {error === undefined ? null : <Note kind="bad" live title={text.runs.form.notStarted}>{error.message} {error.next}</Note>}
          <SelectField label={text.runs.form.template} value={template?.machine ?? ''} options={templates.map(({ machine, name, cpus, memoryMiB }) => ({ value: machine, word: `${name}, ${text.machine.cpus(cpus)}, ${formatMiB(memoryMiB)}` }))} onChange={(value) => changeRunDraft({ template: value })} />
          <TextField label={text.runs.form.command} className="rn-command" name="command" value={draft.command} placeholder="make test" hint={text.runs.form.commandMore} error={issue('command', draft.command)} autoFocus onChange={(command) => changeRunDraft({ command })} />
          <fieldset className="rn-matrix">
            <legend>{text.runs.form.matrix}</legend>
            <p className="mf-sm mf-3">{text.runs.form.matrixMore}</p>
            {draft.matrix.map(({ key, values }, index) => (
              <div key={index} className="rn-key">
                <TextField label={text.runs.form.keyOf(index)} hideLabel name={`key-${index}`} value={key} placeholder={text.runs.form.key} error={issue(`key-${index}`, key)} onChange={(to) => changeKey(index, { key: to })} />
                <TextField label={text.runs.form.valuesOf(index)} hideLabel name={`values-${index}`} value={values} placeholder="16,17,18" error={issue(`values-${index}`, values)} onChange={(to) => changeKey(index, { values: to })} />
                <IconButton icon={X} name={text.runs.form.removeKey(key)} onClick={() => changeRunDraft({ matrix: draft.matrix.filter((_, at) => at !== index) })} />
              </div>
            ))}
            <Button size="small" look="quiet" icon={Plus} onClick={() => changeRunDraft({ matrix: [...draft.matrix, { key: '', values: '' }] })}>{text.runs.form.addKey}</Button>
          </fieldset>
          <div className="rn-three">
            <TextField label={text.runs.form.count} name="count" inputMode="numeric" value={draft.count} error={plan.issues.get('count')} onChange={(count) => changeRunDraft({ count })} />
            <TextField label={text.runs.form.parallel} name="parallel" inputMode="numeric" value={draft.parallel} hint={text.runs.form.parallelMore} error={plan.issues.get('parallel')} onChange={(parallel) => changeRunDraft({ parallel })} />
            <TextField label={text.runs.form.timeout} name="timeout" value={draft.timeout} hint={text.runs.form.timeoutMore} error={plan.issues.get('timeout')} onChange={(timeout) => changeRunDraft({ timeout })} />
          </div>
          <div className="rn-three">
            <TextField label={text.runs.form.cpus} name="cpus" inputMode="numeric" value={draft.cpus} placeholder={template === undefined ? '' : String(template.cpus)} hint={template === undefined ? undefined : text.runs.form.more(template.ceilings.cpus, formatMiB(template.ceilings.memoryMiB))} error={plan.issues.get('cpus')} onChange={(cpus) => changeRunDraft({ cpus })} />
            <TextField label={text.runs.form.memory} name="memory" value={draft.memory} placeholder={template === undefined ? '' : formatMiB(template.memoryMiB)} error={plan.issues.get('memory')} onChange={(memory) => changeRunDraft({ memory })} />
            <TextField label={text.runs.form.cwd} name="cwd" value={draft.cwd} hint={text.runs.form.cwdMore} onChange={(cwd) => changeRunDraft({ cwd })} />
          </div>
          <div className="mf-labelled">
            <label htmlFor="rn-copy-out" className="mf-2">{text.runs.form.copyOut}</label>
            <textarea id="rn-copy-out" className="rn-paths mf-mono" rows={2} value={draft.copyOut} spellCheck={false} aria-describedby="rn-copy-out-told" onChange={(event) => changeRunDraft({ copyOut: event.target.value })} />
            <span id="rn-copy-out-told" className="mf-sm mf-3">{text.runs.form.copyOutMore}</span>
          </div>
          {draft.filesOf === undefined ? null : (
            <Note kind={draft.filesOf.kept ? 'note' : 'warning'} actions={<Button size="small" look="quiet" onClick={() => changeRunDraft({ filesOf: undefined })}>{draft.filesOf.kept ? text.runs.form.leaveFiles : text.error.dismiss}</Button>}>
              {(draft.filesOf.kept ? text.runs.form.givenFiles : text.runs.form.givenFilesGone)(draft.filesOf.number, formatBytes(draft.filesOf.bytes))} {text.runs.form.givenFilesMore}
            </Note>
          )}
          <Switch label={text.runs.form.keep} description={text.runs.form.keepMore} checked={draft.keepOnFailure} onChange={({ currentTarget }) => changeRunDraft({ keepOnFailure: currentTarget.checked })} />
          <div>
            <div className="mf-row mf-sm mf-3">{text.runs.form.same}<span className="mf-push"><CopyButton size="small" text={plan.commandLine} name={text.runs.form.copy} copiedWord={text.copied} /></span></div>
            <code className="mf-cli" tabIndex={0} aria-label={text.runs.form.same}>{plan.commandLine}</code>
          </div>
        </div>
      </div>
    </form>
  )
}
