/** English. Sentences for people: what runs, what becomes of it, what next. */
import type { MachineState } from '../../../contract/machine-state.ts'

const locale = 'en-GB'
const rules = new Intl.PluralRules(locale)
const percent = new Intl.NumberFormat(locale, { style: 'percent' })
const listed = new Intl.ListFormat(locale)
/** A dialog takes no more names. */
const mostNames = 8

const state: Readonly<Record<MachineState, string>> = {
  stopped: 'stopped', starting: 'starting', running: 'running', paused: 'paused', saving: 'saving', restoring: 'restoring', stopping: 'shutting down', crashed: 'crashed', broken: 'broken', unknown: 'unknown',
}

/** A job or a run, as it is called in a sentence. */
interface Work {
  readonly title: string
  /** 0 to 1; null where nobody knows. */
  readonly progress: number | null
}

export const english = {
  state,
  couldNotGoOn: 'Mayfly could not go on',
  closing: {
    message: 'Mayfly goes on without its window.',
    detail: (machines: number, works: number) => `${sentenceStart(standing(machines, works))}. To see Mayfly again, start it again, or open it from the system tray where your desktop has one. Quit it there, or in the window with Ctrl+Q. The settings can make closing the window quit.`,
    understood: 'Understood',
  },
  quitting: {
    /** What stands in the way: at least one of both. */
    message: (machines: number, works: readonly Work[]) => `${sentenceStart(standing(machines, works.length))}.`,
    machines: (names: readonly string[]) => `${nameList(names)}\n${plural(names.length, 'It can run on without Mayfly, which finds it when it opens again. Saved, it is off, and goes on where it was when its checkpoint is restored.', 'They can run on without Mayfly, which finds them when it opens again. Saved ones are off, and go on where they were when their checkpoint is restored.')}`,
    works: (works: readonly Work[]) => `${workLines(works)}\n${plural(works.length, 'It ends with Mayfly: quitting now cancels it, and what it has done so far is lost.', 'They end with Mayfly: quitting now cancels them, and what they have done so far is lost.')}`,
    leave: (machines: number) => plural(machines, 'Leave it running', 'Leave them running'),
    save: 'Save and quit',
    shutDown: 'Shut down and quit',
    stay: 'Do not quit',
    finishFirst: (works: number) => plural(works, 'Let the work under way finish first', 'Let all work under way finish first'),
    finish: (works: number) => plural(works, 'Quit when it is done', 'Quit when all is done'),
    cancelWork: (works: number) => plural(works, 'Cancel it and quit', 'Cancel them and quit'),
  },
  waiting: {
    keep: 'Keep waiting',
    works: (amount: number) => `Mayfly quits when ${plural(amount, 'the work under way is done', `all ${amount} are done`)}.`,
    worksMore: (works: readonly Work[]) => `${workLines(works)}\n\nThe window can be used meanwhile. Quit once more to see this again.`,
    shutDown: (names: readonly string[]) => plural(names.length, `${names[0] ?? ''} is shutting down.`, `${names.length} machines are shutting down.`),
    shutDownMore: (names: readonly string[]) => `${nameList(names)}\n\nMayfly quits when ${plural(names.length, 'it is', 'they are')} off. Switching off is like pulling the plug: what a guest has not written yet is lost. Quit once more to see this again.`,
    quitAnyway: 'Quit without waiting',
    switchOff: 'Switch off and quit',
    save: (names: readonly string[]) => plural(names.length, `${names[0] ?? ''} is being saved.`, `${names.length} machines are being saved.`),
    saveMore: (names: readonly string[]) => `${nameList(names)}\n\nMayfly quits when ${plural(names.length, 'it is', 'they are')} saved and off. Quit once more to see this again.`,
    quitUnsaved: 'Quit without saving',
  },
  notEnded: {
    message: { 'shut-down': 'Not all machines were shut down.', save: 'Not all machines were saved.' },
    detail: { 'shut-down': (sentences: readonly string[]) => `${sentences.join('\n')}\n\nSwitching off is like pulling the plug: what a guest has not written yet is lost.`, save: (sentences: readonly string[]) => `${sentences.join('\n')}\n\nWhat was not saved runs on.` },
    of: (name: string, sentence: string) => `${name}: ${sentence}`,
    leave: (machines: number) => plural(machines, 'Leave it running and quit', 'Leave them running and quit'),
  },
  /** The label of the checkpoints that saving at quitting takes. */
  savedAtQuitting: (at: Date) => `When Mayfly was quit, ${at.toLocaleString(locale, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' })}`,
  run: (number: number, template: string) => `Run ${number} of ${template}`,
  machine: { shutDown: 'Shut down', pause: 'Pause', resume: 'Resume' },
  tray: {
    machine: (name: string, now: MachineState) => `${name} (${state[now]})`,
    work: ({ title }: Work) => `${title} …`,
    show: 'Show', open: 'Open Mayfly', quit: 'Quit', none: 'No machine runs',
    more: (amount: number) => `${amount} more …`,
    tip: (machines: number, works: number) => (machines + works === 0 ? 'Mayfly' : `Mayfly: ${standing(machines, works)}`),
  },
  /** `&` stands before the letter of the keyboard. */
  menu: {
    file: '&File', newMachine: '&New machine …', addImage: 'Add &image …', settings: '&Settings', quit: '&Quit', view: '&View', help: '&Help', about: '&About Mayfly',
  },
  notification: {
    crashed: 'A machine crashed',
    failed: (title: string) => `${title}: failed`,
  },
  link: { question: 'Open this address in the browser?', cancel: 'Cancel', open: 'Open' },
  engine: {
    held: 'This window holds the engine.',
    joined: (holder: string, pid: number) => `Another process (${holder}, ${pid}) holds the engine; this window is its client.`,
    mayNotEnd: 'The window of Mayfly holds the engine.',
    mayNotEndNext: 'Quit Mayfly there; machines run on.',
  },
  login: {
    language: locale,
    opening: 'Opening …', password: 'Password', open: 'Open',
    needsAddress: 'Open the address that mayfly serve printed. Each is good once; press Enter where it runs for a new one.',
  },
}

/** `2 machines run, and one job is under way`. */
function standing(machines: number, works: number): string {
  const run = plural(machines, 'one machine runs', `${machines} machines run`)
  const work = plural(works, 'one job is under way', `${works} jobs are under way`)
  return [...(machines === 0 ? [] : [run]), ...(works === 0 ? [] : [work])].join(', and ')
}

function nameList(names: readonly string[]): string {
  const more = names.length - mostNames
  return listed.format([...names.slice(0, mostNames), ...(more > 0 ? [`${more} more`] : [])])
}

function workLines(works: readonly Work[]): string {
  const more = works.length - mostNames
  return [...works.slice(0, mostNames).map(({ title, progress }) => (progress === null ? `“${title}”` : `“${title}”, ${percent.format(progress)}`)), ...(more > 0 ? [`${more} more`] : [])].join('\n')
}

function sentenceStart(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function plural(amount: number, one: string, many: string): string {
  return rules.select(amount) === 'one' ? one : many
}
