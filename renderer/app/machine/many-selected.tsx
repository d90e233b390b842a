/** Several machines at once: what is pressed is done to all of them that can. */
import { LayoutGrid } from 'lucide-react'
import { machineActions, performOnAll, whyNot } from '../../state/machine-actions.ts'
import { machineVerbs } from '../../state/machine-verb.ts'
import type { MachineVerb } from '../../state/machine-verb.ts'
import { factOf, shapeOf, wordOf } from '../../state/machine-looks.ts'
import { useMirror } from '../../state/mirror.ts'
import { askFirst } from '../../state/overlay.ts'
import { go } from '../../state/place.ts'
import { clearSelection, useSelection } from '../../state/selection.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { StateShape } from '../../ui/state-shape.tsx'

const offered = machineVerbs.filter((verb) => verb !== 'restart' && verb !== 'reset' && verb !== 'clone' && verb !== 'promote' && verb !== 'keep')

export function ManySelected(): React.ReactNode {
  const selected = useSelection(({ machines }) => machines)
  const all = useMirror(({ machines }) => machines)
  const machines = all.filter(({ id }) => selected.has(id))

  function perform(verb: MachineVerb): void {
    const able = machines.filter((machine) => whyNot(verb, machine) === undefined)
    if (machineActions[verb].asks) askFirst(verb, able.map(({ id }) => id))
    else void performOnAll(verb, able)
  }

  return (
    <div className="mf-page">
      <div className="mf-page-head">
        <div className="mf-grow"><h1>{text.list.selected(machines.length)}</h1><p>{text.list.selectedMore}</p></div>
        <div className="mh-acts">
          {offered.map((verb) => {
            const able = machines.filter((machine) => whyNot(verb, machine) === undefined).length
            const word = able === machines.length || able === 0 ? text.verb[verb] : text.list.doToSome(text.verb[verb], able)
            return <Button key={verb} look="quiet" size="large" danger={verb === 'delete'} icon={machineActions[verb].icon} aria-label={word} cannot={able === 0 ? text.list.noneCan(text.verb[verb]) : undefined} onClick={() => perform(verb)}><span className="mh-word">{word}</span></Button>
          })}
          <span className="mh-sep" />
          <Button look="quiet" size="large" icon={LayoutGrid} onClick={() => go({ view: 'grid', of: 'marked' })}><span className="mh-word">{text.grid.title}</span></Button>
          <Button size="large" onClick={clearSelection}>{text.list.clearSelection}</Button>
        </div>
      </div>
      <div className="mf-page-body mf-scroll">
        <ul className="mf-list">
          {machines.map((machine) => (
            <li key={machine.id}>
              <StateShape shape={shapeOf(machine.state)} />
              <b className="mf-clip">{machine.name}</b>
              <span className="mf-2">{wordOf(machine)}</span>
              <span className="mf-3 mf-sm mf-clip mf-push">{factOf(machine) === wordOf(machine) ? '' : factOf(machine)}</span>
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}
