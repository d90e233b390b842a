/** Forking: made by the engine within a moment, then told, and shown where one likes to see it. */
import type { InferContractRouterOutputs } from '@orpc/contract'
import type { forkProcedures } from '../../contract/procedures/fork.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { text } from '../text/text.ts'
import { formatTook } from '../text/time.ts'
import { Button } from '../ui/button.tsx'
import { attempt } from './attempt.ts'
import { engine } from './connection.ts'
import { recall, remember } from './memory.ts'
import { useMirror } from './mirror.ts'
import { go } from './place.ts'
import { select } from './selection.ts'
import { hideToast, showToast } from './toast.ts'

export type ForkOutcome = InferContractRouterOutputs<{ fork: (typeof forkProcedures)['fork'] }>['fork']

/** Where forks are shown: nowhere, the first of them, all in the grid of consoles. */
export const forkShows = ['open', 'grid', 'stay'] as const
export type ForkShow = (typeof forkShows)[number]

export interface ForkOrder {
  readonly checkpoint?: string
  readonly count: number
  readonly name?: string
  readonly throwaway: boolean
  readonly ttlSeconds?: number
  /** They wait, paused, instead of running at once. */
  readonly paused: boolean
  readonly what: 'auto' | 'ram' | 'disks'
}

const one: ForkOrder = { count: 1, throwaway: false, paused: false, what: 'auto' }

function isShow(value: unknown): value is ForkShow {
  return forkShows.includes(value as ForkShow)
}

export function recallForkShow(): ForkShow {
  return recall('fork-show', isShow, 'open')
}

export function rememberForkShow(show: ForkShow): void {
  remember('fork-show', show)
}

/** Rejects with `MayflyError`. */
export function makeForks(machine: string, { paused, ...order }: ForkOrder): Promise<ForkOutcome> {
  return engine.machine.fork({ machine, ...order, begin: paused ? 'pause' : 'start' })
}

/** One fork, as one is usually wanted, told and shown. */
export async function forkNow(machine: MachineSummary, more: Partial<ForkOrder> = {}): Promise<boolean> {
  const outcome = await attempt(machine.id, text.verbOf('fork', machine.name), () => makeForks(machine.id, { ...one, ...more }))
  if (outcome === undefined) return false
  tellForks(machine, outcome, recallForkShow())
  return true
}

/** What was said of forks already; nobody has to read it with each. */
const told = new Set<string>()

/** Says what was made, and shows it. */
export function tellForks(parent: MachineSummary, { forks, notes }: ForkOutcome, show: ForkShow): void {
  const [first] = forks
  if (first === undefined) return
  const id = `fork ${first.machine.id}`
  const slowest = Math.max(...forks.map(({ readyMs }) => readyMs))
  const ports = first.forwards.map(({ hostAddress, hostPort, guestPort }) => text.fork.port(`${hostAddress}:${hostPort}`, guestPort))
  const news = notes.filter((note) => !told.has(note))
  for (const note of news) told.add(note)
  const goThere = (how: 'open' | 'grid') => (): void => {
    hideToast(id)
    showForks(parent, forks.map(({ machine }) => machine), how)
  }
  showToast({
    id,
    title: forks.length === 1 ? text.fork.ready(first.machine.name, formatTook(slowest)) : text.fork.manyReady(forks.length, formatTook(slowest)),
    message: (
      <>
        {forks.length === 1 && ports.length > 0 ? <p>{ports.join(', ')}</p> : null}
        {news.map((note) => <p key={note}>{note}</p>)}
        {show === 'stay' || (show === 'open' && forks.length > 1) ? <p className="mf-row mf-toast-acts">{show === 'stay' ? <Button size="small" onClick={goThere('open')}>{text.fork.open(first.machine.name)}</Button> : null}{forks.length > 1 ? <Button size="small" onClick={goThere('grid')}>{text.fork.openGrid}</Button> : null}</p> : null}
      </>
    ),
  })
  if (show !== 'stay') showForks(parent, forks.map(({ machine }) => machine), show)
}

export function showForks(parent: MachineSummary, forks: readonly MachineSummary[], how: 'open' | 'grid'): void {
  const [first] = forks
  if (first === undefined) return
  whenKnown(first.id, () => {
    select([])
    go(how === 'open' ? { view: 'machines', machine: first.id, tab: 'console' } : { view: 'grid', of: 'forks', id: parent.id })
  })
}

/** The answer may be here before the event that brings the machine. */
function whenKnown(id: string, then: () => void): void {
  const known = (): boolean => useMirror.getState().machines.some((machine) => machine.id === id)
  if (known()) return then()
  const stop = useMirror.subscribe(() => {
    if (!known()) return
    stop()
    then()
  })
}
