/** Which view shows which procedure's output. What has none is shown as JSON. */
import type { MachineSummary } from '../../../contract/machine.ts'
import { shellWord } from '../../../contract/shell-word.ts'
import { safeLine } from '../safe-text.ts'
import type { Style } from '../style.ts'
import { checkpointDetails, checkpointDiff, checkpointTree } from './checkpoint-view.ts'
import { doctorReport, engineInfo, hostInfo, settingsShown } from './host-view.ts'
import { forked, forkNames, forkNotes, lifeLine } from './fork-view.ts'
import { machineDetails, machineLine, machineList } from './machine-view.ts'
import { runList, templateDetails, templateList } from './run-view.ts'
import { guestInfo, imageDetails, imageList, jobDetails, jobList, trashEmptied, trashList } from './thing-view.ts'

export type View = (output: unknown, style: Style) => string

/** The engine checks every output against the contract, so its shape is taken for granted here. */
function view<T>(render: (output: T, style: Style) => string): View {
  return (output, style) => render(output as T, style)
}

const line = view(machineLine)
const details = view(machineDetails)
/** A change of one device is answered with the whole machine, of which one line is enough. */
const changed = view<MachineSummary>((machine, style) => machineLine(machine, style))

const views: Readonly<Record<string, View>> = {
  'engine.info': view(engineInfo),
  'engine.shutdown': view<{ pid: number }>(({ pid }) => `The engine (process ${pid}) ends. Machines run on.\n`),
  'host.show': view(hostInfo),
  'host.doctor': view(doctorReport),
  'settings.show': view(settingsShown),
  'settings.set': view(settingsShown),
  'settings.reset': view(settingsShown),
  'image.list': view(imageList),
  'image.show': view(imageDetails),
  'image.remove': view<{ name: string }>(({ name }) => `Removed the image ${safeLine(name)}.\n`),
  'machine.list': view(machineList),
  'machine.show': details,
  'machine.create': line,
  'machine.start': line,
  'machine.stop': line,
  'machine.restart': line,
  'machine.pause': line,
  'machine.resume': line,
  'machine.reset': line,
  'machine.rename': line,
  'machine.wait': line,
  'machine.fork': view(forked),
  'machine.set': changed,
  'machine.setLife': view(lifeLine),
  'machine.dropPending': changed,
  'machine.setBootOrder': changed,
  'machine.delete': view<{ name: string }>(({ name }) => `${safeLine(name)} is in the trash. Get it back: mayfly trash restore ${nameAsArgument(name)}\n`),
  'checkpoint.list': view(checkpointTree),
  'checkpoint.show': view(checkpointDetails),
  'checkpoint.rename': view(checkpointDetails),
  'checkpoint.diff': view(checkpointDiff),
  'trash.list': view(trashList),
  'trash.restore': line,
  'trash.empty': view(trashEmptied),
  'disk.remove': details,
  'disk.resize': details,
  'cdrom.insert': details,
  'cdrom.eject': details,
  'nic.add': details,
  'nic.remove': details,
  'nic.connect': details,
  'forward.add': changed,
  'forward.remove': changed,
  'template.list': view(templateList),
  'template.setPool': view(templateDetails),
  'template.remove': view<{ name: string }>(({ name }) => `Removed the template ${safeLine(name)}. Its forks go on.\n`),
  'run.list': view(runList),
  'guest.info': view(guestInfo),
  'job.list': view(jobList),
  'job.show': view(jobDetails),
  'job.wait': view(jobDetails),
  'job.cancel': view(jobDetails),
}

/** What is told on stderr, beside the output. */
const asides: Readonly<Record<string, View>> = { 'machine.fork': view(forkNotes) }
/** What --quiet leaves of an output, where that is not nothing. */
const quietly: Readonly<Record<string, View>> = { 'machine.fork': view(forkNames) }

export function asideOf(procedure: string): View | undefined {
  return asides[procedure]
}

export function quietViewOf(procedure: string): View | undefined {
  return quietly[procedure]
}

export function viewOf(procedure: string): View | undefined {
  return views[procedure]
}

/** A name as the last word of a command that is to be copied. */
export function nameAsArgument(name: string): string {
  return (name.startsWith('-') ? '-- ' : '') + shellWord(safeLine(name))
}
