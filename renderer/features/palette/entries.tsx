/** Everything the palette can do: each action on each machine that can take it, each view, each place. */
import { FileDown, GitFork, Grid3x3, Info, Keyboard, LayoutGrid, Monitor, Play, Plus, Settings, Stethoscope } from 'lucide-react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { machineActions, perform, whyNot } from '../../state/machine-actions.ts'
import { machineVerbs } from '../../state/machine-verb.ts'
import { factOf, shapeOf, wordOf } from '../../state/machine-looks.ts'
import { toggleSidebar } from '../../state/layout.ts'
import { keys } from '../../state/keys.ts'
import { openOverlay } from '../../state/overlay.ts'
import { go, machineTabs } from '../../state/place.ts'
import { text } from '../../text/text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import type { PaletteEntry } from './find-entries.ts'

const look = { size: 16, strokeWidth: 1.75, 'aria-hidden': true } as const

export function paletteEntries(machines: readonly MachineSummary[]): PaletteEntry[] {
  return [...machines.map(goTo), ...places(), ...machines.flatMap(actionsOn), ...machines.flatMap(viewsOf)]
}

function goTo(machine: MachineSummary): PaletteEntry {
  return { key: `go ${machine.id}`, group: 'goTo', label: machine.name, fact: factOf(machine) === wordOf(machine) ? wordOf(machine) : `${wordOf(machine)}, ${factOf(machine)}`, icon: <StateShape shape={shapeOf(machine.state)} />, run: () => go({ view: 'machines', machine: machine.id }) }
}

function actionsOn(machine: MachineSummary): PaletteEntry[] {
  return machineVerbs.filter((verb) => whyNot(verb, machine) === undefined).map((verb) => {
    const { icon: Icon, asks } = machineActions[verb]
    return { key: `${verb} ${machine.id}`, group: 'do', label: text.verbOf(verb, machine.name), fact: asks ? text.palette.asksFirst : wordOf(machine), icon: <Icon {...look} />, danger: verb === 'delete', run: () => later(() => perform(verb, machine)) }
  })
}

function viewsOf(machine: MachineSummary): PaletteEntry[] {
  const rename: PaletteEntry = { key: `rename ${machine.id}`, group: 'do', label: `${text.machine.rename} ${machine.name}`, fact: '', icon: <Keyboard {...look} />, keys: 'F2', run: () => later(() => openOverlay({ kind: 'rename', machine: machine.id })) }
  const forkOptions: PaletteEntry[] = whyNot('fork', machine) === undefined ? [{ key: `fork options ${machine.id}`, group: 'do', label: text.palette.forkMany(machine.name), fact: text.fork.options, icon: <GitFork {...look} />, run: () => later(() => openOverlay({ kind: 'fork', machine: machine.id })) }] : []
  return [rename, ...forkOptions, ...machineTabs.map((tab): PaletteEntry => ({ key: `${tab} ${machine.id}`, group: 'goTo', label: text.palette.tabOf(text.machine.tabs[tab], machine.name), fact: '', icon: <Monitor {...look} />, run: () => go({ view: 'machines', machine: machine.id, tab }) }))]
}

function places(): PaletteEntry[] {
  return [
    { key: 'new', group: 'do', label: text.list.newMachine, fact: '', keys: keys.newMachine.shown, icon: <Plus {...look} />, run: () => later(() => openOverlay({ kind: 'wizard' })) },
    { key: 'grid', group: 'goTo', label: text.nav.grid, fact: '', icon: <LayoutGrid {...look} />, run: () => go({ view: 'grid' }) },
    { key: 'templates', group: 'goTo', label: text.nav.templates, fact: '', icon: <GitFork {...look} />, run: () => go({ view: 'templates' }) },
    { key: 'runs', group: 'goTo', label: text.nav.runs, fact: '', icon: <Grid3x3 {...look} />, run: () => go({ view: 'runs' }) },
    { key: 'make-template', group: 'do', label: text.templates.make, fact: '', icon: <Plus {...look} />, run: () => later(() => openOverlay({ kind: 'make-template' })) },
    { key: 'new-run', group: 'do', label: text.runs.start, fact: '', icon: <Play {...look} />, run: () => go({ view: 'runs', run: 'new' }) },
    { key: 'images', group: 'goTo', label: text.nav.images, fact: '', icon: <FileDown {...look} />, run: () => go({ view: 'images' }) },
    { key: 'doctor', group: 'goTo', label: text.nav.doctor, fact: text.palette.doctorFact, icon: <Stethoscope {...look} />, run: () => go({ view: 'doctor' }) },
    { key: 'settings', group: 'goTo', label: text.nav.settings, fact: '', icon: <Settings {...look} />, run: () => go({ view: 'settings' }) },
    { key: 'sidebar', group: 'do', label: text.palette.sidebar, fact: '', keys: 'Ctrl B', icon: <Monitor {...look} />, run: toggleSidebar },
    { key: 'keys', group: 'help', label: text.shortcuts.title, fact: '', keys: '?', icon: <Keyboard {...look} />, run: () => later(() => openOverlay({ kind: 'shortcuts' })) },
    { key: 'about', group: 'help', label: text.nav.about, fact: '', icon: <Info {...look} />, run: () => go({ view: 'about' }) },
  ]
}

/** The palette closes itself after an action: what opens a dialog waits until it has. */
function later(run: () => void): void {
  setTimeout(run)
}
