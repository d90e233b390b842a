/** The dialogs of quitting: what runs, what becomes of it, and while somebody waits, for what. Each resolves to what was answered. */
import { dialog } from 'electron'
import type { MachineSummary } from '../../contract/machine.ts'
import type { Settings } from '../../contract/settings.ts'
import { text } from '../../hosts/page/text/text.ts'
import type { Work } from './engine-mirror.ts'

/** How machines are ended. */
export type Ending = 'save' | 'shut-down'

/** What quitting does: with the machines, and whether work under way is finished before. */
export interface QuitPlan {
  readonly machines: 'leave' | Ending
  readonly finishWork: boolean
}

type Machines = readonly MachineSummary[]

/** What to do with what runs: as it is set, or as somebody answers. Work that would be lost is always asked about. */
export function decideWhatToDo(machines: Machines, works: readonly Work[], onQuit: Settings['onQuit']): Promise<QuitPlan | 'stay'> {
  if (onQuit === 'ask' && machines.length > 0) return askAboutMachines(machines, works)
  const decided = onQuit === 'save' || onQuit === 'shut-down' ? onQuit : 'leave'
  return works.length === 0 ? Promise.resolve({ machines: decided, finishWork: false }) : askAboutWork(works, decided)
}

async function askAboutMachines(machines: Machines, works: readonly Work[]): Promise<QuitPlan | 'stay'> {
  const words = text.quitting
  const answers = ['leave', 'save', 'shut-down', 'stay'] as const
  const { response, checkboxChecked } = await dialog.showMessageBox({
    type: 'question',
    message: words.message(machines.length, works),
    detail: [words.machines(names(machines)), ...(works.length === 0 ? [] : [words.works(works)])].join('\n\n'),
    buttons: [words.leave(machines.length), words.save, words.shutDown, words.stay],
    defaultId: 0,
    cancelId: 3,
    noLink: true,
    ...(works.length === 0 ? {} : { checkboxLabel: words.finishFirst(works.length), checkboxChecked: true }),
  })
  const answer = answers[response] ?? 'stay'
  return answer === 'stay' ? 'stay' : { machines: answer, finishWork: works.length > 0 && checkboxChecked }
}

async function askAboutWork(works: readonly Work[], machines: QuitPlan['machines']): Promise<QuitPlan | 'stay'> {
  const words = text.quitting
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: words.message(0, works),
    detail: words.works(works),
    buttons: [words.finish(works.length), words.cancelWork(works.length), words.stay],
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  })
  return response === 2 ? 'stay' : { machines, finishWork: response === 0 }
}

/** Says that work is waited for. The dialog goes when the signal says so. */
export async function tellWorkIsAwaited(works: readonly Work[], signal: AbortSignal): Promise<'keep' | 'leave' | 'stay'> {
  const words = text.waiting
  const { response } = await dialog.showMessageBox({
    type: 'info',
    message: words.works(works.length),
    detail: words.worksMore(works),
    buttons: [words.keep, text.quitting.cancelWork(works.length), text.quitting.stay],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
    signal,
  })
  return (['keep', 'leave', 'stay'] as const)[response] ?? 'keep'
}

/** Says that machines are waited for. Those that are being saved are not to be switched off: what they are would be lost. */
export async function tellMachinesAreAwaited(ending: Ending, machines: Machines, signal: AbortSignal): Promise<'keep' | 'leave' | 'force'> {
  const words = text.waiting
  const awaited = names(machines)
  const { response } = await dialog.showMessageBox({
    type: 'info',
    message: ending === 'save' ? words.save(awaited) : words.shutDown(awaited),
    detail: ending === 'save' ? words.saveMore(awaited) : words.shutDownMore(awaited),
    buttons: ending === 'save' ? [words.keep, words.quitUnsaved] : [words.keep, words.quitAnyway, words.switchOff],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
    signal,
  })
  return (['keep', 'leave', 'force'] as const)[response] ?? 'keep'
}

/** Says why machines still run, and asks what then. */
export async function askAboutFailures(ending: Ending, sentences: readonly string[]): Promise<'stay' | 'leave' | 'force'> {
  const words = text.notEnded
  const { response } = await dialog.showMessageBox({
    type: 'warning',
    message: words.message[ending],
    detail: words.detail[ending](sentences),
    buttons: [text.quitting.stay, words.leave(sentences.length), ...(ending === 'save' ? [] : [text.waiting.switchOff])],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  })
  return (['stay', 'leave', 'force'] as const)[response] ?? 'stay'
}

function names(machines: Machines): string[] {
  return machines.map(({ name }) => name)
}
