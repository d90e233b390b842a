/** Everything the palette can do: each action on each machine that can take it, each view, each place. */
import { Copy, FileDown, GitFork, Grid3x3, Info, Keyboard, LayoutGrid, Monitor, Play, Plus, Settings, Stethoscope } from 'lucide-react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { shellWord } from '../../../contract/shell-word.ts'
import { attempt } from '../../state/attempt.ts'
import { engine } from '../../state/connection.ts'
import { copyText } from '../../state/copy-text.ts'
import { forkNow } from '../../state/forking.tsx'
import { machineActions, perform, whyNot } from '../../state/machine-actions.ts'
import { machineVerbs } from '../../state/machine-verb.ts'
import type { MachineVerb } from '../../state/machine-verb.ts'
import { factOf, isOn, shapeOf, wordOf } from '../../state/machine-looks.ts'
import { restartMachine } from '../../state/restart.ts'
import { toggleSidebar } from '../../state/layout.ts'
import { keys } from '../../state/keys.ts'
import { openOverlay } from '../../state/overlay.ts'
import { go, machineTabs } from '../../state/place.ts'
import { text } from '../../text/text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import { actionCommand, optionsOf, wholeNumber } from './action-command.ts'
import type { OptionValues } from './action-command.ts'
import type { EntryOptions, PaletteEntry } from './find-entries.ts'

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
    const options = verbOptions(verb, machine)
    return { key: `${verb} ${machine.id}`, group: 'do', label: text.verbOf(verb, machine.name), fact: asks ? text.palette.asksFirst : wordOf(machine), icon: <Icon {...look} />, danger: verb === 'delete', command: actionCommand(verb, machine.name, {}, isOn(machine.state)), ...(options === undefined ? {} : { options }), run: () => later(() => perform(verb, machine)) }
  })
}

function viewsOf(machine: MachineSummary): PaletteEntry[] {
  const rename: PaletteEntry = { key: `rename ${machine.id}`, group: 'do', label: `${text.machine.rename} ${machine.name}`, fact: '', icon: <Keyboard {...look} />, keys: 'F2', command: actionCommand('rename', machine.name, { name: machine.name }), run: () => later(() => openOverlay({ kind: 'rename', machine: machine.id })), options: { list: ['name'], initial: { name: machine.name }, needed: ['name'], command: (values) => actionCommand('rename', machine.name, values), run: ({ name = '' }) => void attempt(machine.id, `${text.machine.rename} ${machine.name}`, () => engine.machine.rename({ machine: machine.id, name: name.trim() })) } }
  const forkOptions: PaletteEntry[] = whyNot('fork', machine) === undefined ? [{ key: `fork options ${machine.id}`, group: 'do', label: text.palette.forkMany(machine.name), fact: text.fork.options, icon: <GitFork {...look} />, run: () => later(() => openOverlay({ kind: 'fork', machine: machine.id })) }] : []
  return [rename, ...forkOptions, ...moreOf(machine), ...machineTabs.map((tab): PaletteEntry => ({ key: `${tab} ${machine.id}`, group: 'goTo', label: text.palette.tabOf(text.machine.tabs[tab], machine.name), fact: '', icon: <Monitor {...look} />, ...(tab === 'log' || tab === 'overview' || tab === 'console' ? { command: `mayfly ${{ log: 'log', overview: 'show', console: 'console' }[tab]} ${shellWord(machine.name)}` } : {}), run: () => go({ view: 'machines', machine: machine.id, tab }) }))]
}

function places(): PaletteEntry[] {
  return [
    { key: 'new', group: 'do', label: text.list.newMachine, fact: '', keys: keys.newMachine.shown, icon: <Plus {...look} />, run: () => later(() => openOverlay({ kind: 'wizard' })) },
    { key: 'grid', group: 'goTo', label: text.nav.grid, fact: '', icon: <LayoutGrid {...look} />, run: () => go({ view: 'grid' }) },
    { key: 'templates', group: 'goTo', label: text.nav.templates, fact: '', icon: <GitFork {...look} />, command: 'mayfly template list', run: () => go({ view: 'templates' }) },
    { key: 'runs', group: 'goTo', label: text.nav.runs, fact: '', icon: <Grid3x3 {...look} />, command: 'mayfly runs', run: () => go({ view: 'runs' }) },
    { key: 'make-template', group: 'do', label: text.templates.make, fact: '', icon: <Plus {...look} />, run: () => later(() => openOverlay({ kind: 'make-template' })) },
    { key: 'new-run', group: 'do', label: text.runs.start, fact: '', icon: <Play {...look} />, run: () => go({ view: 'runs', run: 'new' }) },
    { key: 'images', group: 'goTo', label: text.nav.images, fact: '', icon: <FileDown {...look} />, command: 'mayfly image list', run: () => go({ view: 'images' }) },
    { key: 'doctor', group: 'goTo', label: text.nav.doctor, fact: text.palette.doctorFact, icon: <Stethoscope {...look} />, command: 'mayfly doctor', run: () => go({ view: 'doctor' }) },
    { key: 'settings', group: 'goTo', label: text.nav.settings, fact: '', icon: <Settings {...look} />, command: 'mayfly settings show', run: () => go({ view: 'settings' }) },
    { key: 'sidebar', group: 'do', label: text.palette.sidebar, fact: '', keys: 'Ctrl B', icon: <Monitor {...look} />, run: toggleSidebar },
    { key: 'keys', group: 'help', label: text.shortcuts.title, fact: '', keys: '?', icon: <Keyboard {...look} />, run: () => later(() => openOverlay({ kind: 'shortcuts' })) },
    { key: 'about', group: 'help', label: text.nav.about, fact: '', icon: <Info {...look} />, command: 'mayfly engine info', run: () => go({ view: 'about' }) },
  ]
}

/** What else can be had of a machine with one press. */
function moreOf(machine: MachineSummary): PaletteEntry[] {
  const { id, name, forwards } = machine
  return [
    ...forwards.map(({ hostAddress, hostPort, guestPort }): PaletteEntry => ({ key: `copy ${hostPort} ${id}`, group: 'do', label: text.palette.copyAddress(`${hostAddress}:${hostPort}`, name), fact: text.palette.toPort(guestPort), icon: <Copy {...look} />, run: () => void copyText(`${hostAddress}:${hostPort}`) })),
    { key: `id ${id}`, group: 'do', label: text.palette.copyId(name), fact: id, icon: <Copy {...look} />, run: () => void copyText(id) },
  ]
}

function verbOptions(verb: MachineVerb, machine: MachineSummary): EntryOptions | undefined {
  const list = optionsOf[verb]
  if (list.length === 0) return undefined
  const { id, name } = machine
  const doing = text.verbOf(verb, name)
  const common = { list, needed: verb === 'clone' ? (['name'] as const) : [], command: (values: OptionValues) => actionCommand(verb, name, values) }
  switch (verb) {
    case 'shutDown':
      return { ...common, initial: {}, run: ({ timeoutSeconds }) => {
        const seconds = wholeNumber(timeoutSeconds)
        void attempt(id, doing, () => engine.machine.stop({ machine: id, ...(seconds === undefined ? {} : { timeoutSeconds: seconds }) }))
      } }
    case 'restart':
      return { ...common, initial: {}, run: ({ timeoutSeconds }) => void attempt(id, doing, () => restartMachine(machine, wholeNumber(timeoutSeconds))) }
    case 'clone':
      return { ...common, initial: { name: text.machine.copyName(name) }, run: (values) => void attempt(id, doing, () => engine.machine.clone({ machine: id, name: (values.name ?? '').trim() })) }
    case 'checkpoint':
      return { ...common, initial: {}, run: ({ label = '' }) => void attempt(id, doing, () => engine.checkpoint.take({ machine: id, ...(label.trim() === '' ? {} : { label: label.trim() }) })) }
    case 'fork':
      return { ...common, initial: { count: '1' }, run: (values) => {
        const pattern = values.name?.trim() ?? ''
        void forkNow(machine, { count: wholeNumber(values.count) ?? 1, throwaway: values.throwaway === 'yes', ...(pattern === '' ? {} : { name: pattern }) })
      } }
    case 'start': case 'pause': case 'resume': case 'switchOff': case 'reset': case 'promote': case 'keep': case 'delete':
      return undefined
  }
}

/** The palette closes itself after an action: what opens a dialog waits until it has. */
function later(run: () => void): void {
  setTimeout(run)
}
