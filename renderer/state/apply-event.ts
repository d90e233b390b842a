/** What an event makes of the mirror. Pure: the same events in the same order give the same mirror. */
import type { EngineEvent } from '../../contract/event.ts'
import { locale } from '../text/locale.ts'
import type { Mirror } from './mirror.ts'

/** Told apart from a mirror: the subscription is over, take a new one. */
export const resubscribe = Symbol('resubscribe')

type Known = Pick<Mirror, 'machines' | 'jobs' | 'images' | 'templates' | 'runs' | 'timelineRevisions'>

/** `revision`: of the event before this one. An event that is not the next one means that some were missed. */
export function applyEvent(known: Known, revision: number | undefined, event: EngineEvent): Known | typeof resubscribe {
  if (event.type === 'gap') return resubscribe
  if (event.type === 'snapshot') return { machines: event.machines.toSorted(byName), jobs: event.jobs.toSorted(newestFirst), images: event.images.toSorted(byName), templates: event.templates.toSorted(byTemplateName), runs: event.runs.toSorted(newestFirst), timelineRevisions: {} }
  if (revision === undefined || event.revision !== revision + 1) return resubscribe
  switch (event.type) {
    case 'machine.changed':
      return { ...known, machines: replaced(known.machines, event.machine).sort(byName) }
    case 'machine.removed':
      return { ...known, machines: known.machines.filter(({ id }) => id !== event.machine) }
    case 'job.changed':
      return { ...known, jobs: replaced(known.jobs, event.job).sort(newestFirst) }
    case 'image.changed':
      return { ...known, images: replaced(known.images, event.image).sort(byName) }
    case 'image.removed':
      return { ...known, images: known.images.filter(({ id }) => id !== event.image) }
    case 'template.changed':
      return { ...known, templates: [...known.templates.filter(({ machine }) => machine !== event.template.machine), event.template].sort(byTemplateName) }
    case 'template.removed':
      return { ...known, templates: known.templates.filter(({ machine }) => machine !== event.machine) }
    case 'run.changed':
      return { ...known, runs: replaced(known.runs, event.run).sort(newestFirst) }
    case 'run.removed':
      return { ...known, runs: known.runs.filter(({ id }) => id !== event.run) }
    case 'timeline.changed':
      return { ...known, timelineRevisions: { ...known.timelineRevisions, [event.machine]: event.revision } }
    case 'machine.happened':
      return known
  }
}

function replaced<T extends { readonly id: string }>(all: readonly T[], one: T): T[] {
  return [...all.filter(({ id }) => id !== one.id), one]
}

const collator = new Intl.Collator(locale, { numeric: true, sensitivity: 'base' })

function byName(a: { readonly name: string; readonly id: string }, b: { readonly name: string; readonly id: string }): number {
  return collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1)
}

function byTemplateName(a: { readonly name: string; readonly machine: string }, b: { readonly name: string; readonly machine: string }): number {
  return byName({ name: a.name, id: a.machine }, { name: b.name, id: b.machine })
}

function newestFirst(a: { readonly startedAt: string }, b: { readonly startedAt: string }): number {
  return a.startedAt < b.startedAt ? 1 : -1
}
