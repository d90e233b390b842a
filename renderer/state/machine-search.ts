/** Which machines are shown in the list, in what order, under what heads, and forks under what they were forked from. Pure. */
import type { MachineSummary } from '../../contract/machine.ts'
import { text } from '../text/text.ts'
import { factOf, isOn, wordOf } from './machine-looks.ts'

export type ListFilter = 'all' | 'running' | 'stopped' | 'needsYou'
export type ListOrder = 'byName' | 'byState' | 'byMemory'

export type ListRow =
  | { readonly kind: 'group'; readonly name: string; readonly key: string; readonly running: number; readonly all: number; readonly folded: boolean }
  /** `depth`: 0 for a machine of its own, 1 for its forks, 2 for theirs. `up`: how many rows above its parent stands, or the fork of the same parent before it. `first`: it is the parent. */
  | { readonly kind: 'machine'; readonly machine: MachineSummary; readonly depth: number; readonly first: boolean; readonly up: number }

export interface ListQuestion {
  readonly search: string
  readonly filter: ListFilter
  readonly order: ListOrder
  readonly folded: ReadonlySet<string>
}

/** Key of the group of those without a tag; no tag is empty. */
const noTag = ''

/** Whether every word stands somewhere: in the name, the notes, a tag, an address, the state or its reason. */
export function matches(machine: MachineSummary, search: string): boolean {
  const words = search.toLocaleLowerCase().split(/\s+/).filter((word) => word !== '')
  if (words.length === 0) return true
  const all = [machine.name, machine.notes, ...machine.tags, wordOf(machine), factOf(machine), machine.id, ...machine.forwards.map(({ hostAddress, hostPort, guestPort }) => `${hostAddress}:${hostPort} ${guestPort}`)].join('\n').toLocaleLowerCase()
  return words.every((word) => all.includes(word))
}

function passes({ state }: MachineSummary, filter: ListFilter): boolean {
  switch (filter) {
    case 'all': return true
    case 'running': return isOn(state)
    case 'stopped': return state === 'stopped'
    case 'needsYou': return state === 'crashed' || state === 'broken' || state === 'unknown'
  }
}

const stateOrder = ['crashed', 'broken', 'unknown', 'running', 'starting', 'saving', 'restoring', 'stopping', 'paused', 'stopped']

/** Forks of forks of forks are not moved further in: there is no room. */
const deepest = 3

/** `machines` come by name; that order is kept among equals. Templates are shown elsewhere. A search unfolds every group. */
export function listRows(machines: readonly MachineSummary[], { search, filter, order, folded }: ListQuestion): ListRow[] {
  const shown = machines.filter((machine) => machine.role === 'machine' && passes(machine, filter) && matches(machine, search))
  if (order === 'byState') shown.sort((a, b) => stateOrder.indexOf(a.state) - stateOrder.indexOf(b.state))
  if (order === 'byMemory') shown.sort((a, b) => b.memoryMiB - a.memoryMiB)
  const templates = new Map(machines.filter(({ role }) => role === 'template').map(({ id, name }) => [id, name]))
  const ids = new Set(shown.map(({ id }) => id))
  const forks = grouped(shown.filter(({ origin }) => origin !== null && ids.has(origin.machine)), ({ origin }) => origin?.machine)
  const family = (machine: MachineSummary, depth: number, first: boolean, up: number): ListRow[] => {
    const rows: ListRow[] = [{ kind: 'machine', machine, depth: Math.min(depth, deepest), first, up }]
    let before = 0
    for (const [index, fork] of (forks.get(machine.id) ?? []).entries()) {
      const inside = family(fork, depth + 1, index === 0, index === 0 ? 1 : before)
      before = inside.length
      rows.push(...inside)
    }
    return rows
  }

  const groups = grouped(shown.filter(({ origin }) => origin === null || !ids.has(origin.machine)), (machine) => keyOf(machine, templates))
  const rowsOf = (key: string): ListRow[] => (groups.get(key) ?? []).flatMap((machine) => family(machine, 0, false, 0))
  if ([...groups.keys()].every((key) => key === noTag)) return rowsOf(noTag)
  const keys = [...groups.keys()].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
  return keys.flatMap((key): ListRow[] => {
    const rows = rowsOf(key)
    const inside = rows.flatMap((row) => (row.kind === 'machine' ? [row.machine] : []))
    const isFolded = folded.has(key) && search === ''
    const name = key === noTag ? text.list.noTag : key.startsWith(ofTemplate) ? text.list.forksOf(templates.get(key.slice(ofTemplate.length) as MachineSummary['id']) ?? '') : key
    const head: ListRow = { kind: 'group', name, key, running: inside.filter(({ state }) => isOn(state)).length, all: inside.length, folded: isFolded }
    return isFolded ? [head] : [head, ...rows]
  })
}

/** As `Map.groupBy`, which Node 20 lacks. */
function grouped<K>(all: readonly MachineSummary[], keyOfOne: (machine: MachineSummary) => K): Map<K, MachineSummary[]> {
  const groups = new Map<K, MachineSummary[]>()
  for (const machine of all) {
    const key = keyOfOne(machine)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [machine])
    else group.push(machine)
  }
  return groups
}

/** No tag looks like this: it has a space. */
const ofTemplate = 'forks of '

/** Forks of a template stand together: it is not in the list itself. */
function keyOf({ tags, origin }: MachineSummary, templates: ReadonlyMap<MachineSummary['id'], string>): string {
  if (origin !== null && templates.has(origin.machine)) return `${ofTemplate}${origin.machine}`
  return tags[0] ?? noTag
}

function rank(key: string): number {
  return key === noTag ? 1 : key.startsWith(ofTemplate) ? 2 : 0
}
