/** Consoles of many machines side by side: all of them, those marked in the list, the forks of one, those of a run. */
import { lazy, Suspense } from 'react'
import { ForkButton } from '../../features/fork/fork-button.tsx'
import { ConsoleGrid } from '../../features/console-grid/console-grid.tsx'
import type { GridEntry } from '../../features/console-grid/tile-words.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { whyNot } from '../../state/machine-actions.ts'
import { isOn } from '../../state/machine-looks.ts'
import { useMachine, useMirror } from '../../state/mirror.ts'
import { go } from '../../state/place.ts'
import { useSelection } from '../../state/selection.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'

const ScreenConsole = lazy(async () => ({ default: (await import('../../features/screen-console/screen-console.tsx')).ScreenConsole }))
const SerialConsole = lazy(async () => ({ default: (await import('../../features/serial-console/serial-console.tsx')).SerialConsole }))

interface GridViewProps {
  readonly of: 'marked' | 'forks' | 'run' | undefined
  readonly id: string | undefined
}

export function GridView(props: GridViewProps): React.ReactNode {
  return <main className="app-main"><Grid {...props} /></main>
}

function Grid({ of, id }: GridViewProps): React.ReactNode {
  const all = useMirror(({ machines }) => machines)
  const phase = useMirror(({ phase }) => phase)
  const marked = useSelection(({ machines }) => machines)
  const parent = useMachine(of === 'forks' ? id : undefined)
  const run = useMirror(({ runs }) => (of === 'run' ? runs.find((one) => one.id === id) : undefined))
  if (phase === 'connecting') return <div aria-busy />
  const isGone = (of === 'run' && run === undefined) || (of === 'forks' && parent === undefined && !all.some(({ origin }) => origin?.machine === id))
  if (isGone) return <div className="app-fence mf-empty"><h1 className="mf-h">{of === 'run' ? text.runs.gone : text.machine.gone}</h1><p>{of === 'run' ? text.runs.goneMore : text.machine.goneMore}</p><Button onClick={() => go({ view: 'grid' })}>{text.grid.showEveryone}</Button></div>
  const plain = (machines: readonly MachineSummary[]): GridEntry[] => machines.map((machine) => ({ machine, cell: undefined }))
  switch (of) {
    case 'forks': {
      const name = parent?.name ?? all.find(({ origin }) => origin?.machine === id)?.origin?.machineName ?? ''
      const forks = all.filter(({ origin }) => origin?.machine === id)
      const forkable = parent !== undefined && whyNot('fork', parent) === undefined
      return <ConsoleGrid title={text.grid.titleForks(forks.length, name)} entries={plain(forks)} live={live} none={{ title: text.grid.noneForks(name), more: text.grid.noneForksMore }} action={forkable ? <ForkButton machine={parent} filled word={text.grid.forkMore} /> : null} />
    }
    case 'run': {
      const entries = (run?.cells ?? []).flatMap((cell): GridEntry[] => {
        const machine = all.find((one) => one.id === cell.machine)
        return machine === undefined ? [] : [{ machine, cell }]
      })
      return <ConsoleGrid title={text.grid.titleRun(run?.number ?? 0)} entries={entries} live={live} none={{ title: text.grid.noneRun, more: text.grid.noneRunMore }} />
    }
    case 'marked': {
      const machines = all.filter((machine) => marked.has(machine.id))
      return <ConsoleGrid title={text.grid.titleMarked(machines.length)} entries={plain(machines)} live={live} none={{ title: text.grid.none, more: text.grid.noneMore }} />
    }
    case undefined: {
      const machines = all.filter(({ role }) => role === 'machine').toSorted((a, b) => Number(isOn(b.state)) - Number(isOn(a.state)))
      return <ConsoleGrid title={text.grid.title} entries={plain(machines)} live={live} none={{ title: text.grid.none, more: text.grid.noneMore }} />
    }
  }
}

function live(machine: MachineSummary, kind: 'screen' | 'serial'): React.ReactNode {
  return <Suspense fallback={<div aria-busy />}>{kind === 'screen' ? <ScreenConsole key={machine.id} machine={machine} alone /> : <SerialConsole key={machine.id} machine={machine} />}</Suspense>
}
