/** Asks before something is lost: names it, says what is lost and what is kept. */
import { Modal } from '@mantine/core'
import type { MachineSummary } from '../../../contract/machine.ts'
import { engine } from '../../state/connection.ts'
import { machineActions, performOnAll } from '../../state/machine-actions.ts'
import type { MachineVerb } from '../../state/machine-verb.ts'
import { isOn } from '../../state/machine-looks.ts'
import { useMirror } from '../../state/mirror.ts'
import { closeOverlay } from '../../state/overlay.ts'
import { go } from '../../state/place.ts'
import { clearSelection } from '../../state/selection.ts'
import { useTimeline } from '../../state/timeline.ts'
import { hideToast, showToast } from '../../state/toast.ts'
import { toMayflyError } from '../../state/failure.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'

interface AskDialogProps {
  readonly verb: MachineVerb
  readonly machines: readonly string[]
}

export function AskDialog({ verb, machines: ids }: AskDialogProps): React.ReactNode {
  const all = useMirror(({ machines }) => machines)
  const machines = all.filter(({ id }) => ids.includes(id))
  const [first] = machines
  if (first === undefined || (verb !== 'switchOff' && verb !== 'reset' && verb !== 'delete')) return null
  const many = machines.length > 1
  const body = verb !== 'delete' ? text.ask.body[verb] : machines.every(({ throwaway }) => throwaway) ? text.ask.body.deleteThrowaway : machines.some(({ state }) => isOn(state)) ? text.ask.body.deleteRunning : text.ask.body.delete

  function confirmed(): void {
    closeOverlay()
    clearSelection()
    const deleted: MachineSummary[] = []
    void performOnAll(verb, machines, (machine) => {
      if (!machine.throwaway) deleted.push(machine)
    }).then(() => {
      if (verb === 'delete' && deleted.length > 0) offerUndo(deleted)
    })
  }

  return (
    <Modal opened onClose={closeOverlay} title={many ? text.ask.many(text.verb[verb], machines.length) : text.ask.title[verb](first.name)} closeButtonProps={{ 'aria-label': text.close }} size={440}>
      <p className="mf-2">{body}</p>
      {verb === 'delete' ? <WhatGoesAlong machines={machines} all={all} /> : null}
      {many ? <p className="mf-sm mf-3 ask-names">{machines.map(({ name }) => name).join(', ')}</p> : null}
      <div className="ask-foot">
        <Button data-autofocus onClick={closeOverlay}>{text.cancel}</Button>
        <Button danger icon={machineActions[verb].icon} onClick={confirmed}>{many ? text.ask.doMany(text.verb[verb], machines.length) : text.verbOf(verb, first.name)}</Button>
      </div>
    </Modal>
  )
}

/** Points go with their machine; forks are machines of their own. */
function WhatGoesAlong({ machines, all }: { readonly machines: readonly MachineSummary[]; readonly all: readonly MachineSummary[] }): React.ReactNode {
  const ids = new Set(machines.map(({ id }) => id))
  const { timeline } = useTimeline(machines.length === 1 ? (machines[0]?.id ?? '') : '')
  const checkpoints = machines.reduce((sum, machine) => sum + machine.checkpoints, 0)
  const labels = machines.length === 1 ? (timeline?.checkpoints ?? []).map(({ label }) => label) : []
  const forks = all.filter(({ id, origin }) => origin !== null && ids.has(origin.machine) && !ids.has(id))
  const gone = machines.every(({ throwaway }) => throwaway)
  return (
    <>
      {checkpoints === 0 ? null : <p className="mf-2 ask-more">{text.ask.checkpointsGo(checkpoints, gone)} {shortened(labels)}</p>}
      {forks.length === 0 ? null : <p className="mf-2 ask-more">{text.ask.forksStay(forks.length)} {shortened(forks.map(({ name }) => name))}</p>}
    </>
  )
}

const namedAtMost = 5

/** The first few of them by name, as a list in a sentence of its own. */
function shortened(names: readonly string[]): string {
  if (names.length === 0) return ''
  const shown = names.slice(0, namedAtMost).join(', ')
  return names.length > namedAtMost ? `${text.ask.andMore(shown, names.length - namedAtMost)}.` : `${shown}.`
}

/** Afterwards the trash has it. */
const undoForMs = 20_000

function offerUndo(deleted: readonly MachineSummary[]): void {
  const [first] = deleted
  const what = deleted.length === 1 && first !== undefined ? first.name : text.ask.machines(deleted.length)
  const id = `undo ${first?.id}`
  const undo = async (): Promise<void> => {
    hideToast(id)
    const failed: { readonly name: string; readonly why: string }[] = []
    for (const { id: machine, name } of deleted) {
      await engine.trash.restore({ machine }).catch((error: unknown) => failed.push({ name, why: toMayflyError(error).message }))
    }
    const back = deleted.length - failed.length
    if (back > 0) showToast({ title: text.ask.restored(failed.length === 0 ? what : text.ask.machines(back)) })
    if (failed.length > 0) showToast({ title: text.ask.stillInTrash(failed.map(({ name }) => name).join(', ')), message: failed[0]?.why, stays: true })
  }
  const toTrash = (): void => {
    hideToast(id)
    go({ view: 'settings', section: 'trash' })
  }
  showToast({
    id,
    title: text.ask.inTrash(what),
    forMs: undoForMs,
    message: <span className="mf-row"><Button size="small" onClick={() => void undo()}>{text.ask.undo}</Button><Button size="small" look="quiet" onClick={toTrash}>{text.ask.openTrash}</Button></span>,
  })
}
