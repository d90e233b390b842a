/** Which machines are shown in the list, in what order and under what heads. Pure. */
import type { MachineSummary } from '../../contract/machine.ts'
import { text } from '../text/text.ts'
import { factOf, isOn, wordOf } from './machine-looks.ts'

export type ListFilter = 'all' | 'running' | 'stopped' | 'needsYou'
export type ListOrder = 'byName' | 'byState' | 'byMemory'

export type ListRow =
  | { readonly kind: 'group'; readonly name: string; readonly key: string; readonly running: number; readonly all: number; readonly folded: boolean }
  | { readonly kind: 'machine'; readonly machine: MachineSummary }

export interface ListQuestion {
  readonly search: string
  readonly filter: ListFilter
  readonly order: ListOrder
  readonly folded: ReadonlySet<string>
}

/** Key of the group of those without a tag; no tag is empty. */
const noTag = ''

/** Whether every word stands somewhere: in the name, a tag, an address, the state or its reason. */
export function matches(machine: MachineSummary, search: string): boolean {
  const words = search.toLocaleLowerCase().split(/\s+/).filter((word) => word !== '')
  if (words.length === 0) return true
  const all = [machine.name, ...machine.tags, wordOf(machine), factOf(machine), machine.id, ...machine.forwards.map(({ hostAddress, hostPort, guestPort }) => `${hostAddress}:${hostPort} ${guestPort}`)].join('\n').toLocaleLowerCase()
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

/** `machines` come by name; that order is kept among equals. A search unfolds every group. */
export function listRows(machines: readonly MachineSummary[], { search, filter, order, folded }: ListQuestion): ListRow[] {
  const shown = machines.filter((machine) => passes(machine, filter) && matches(machine, search))
  if (order === 'byState') shown.sort((a, b) => stateOrder.indexOf(a.state) - stateOrder.indexOf(b.state))
  if (order === 'byMemory') shown.sort((a, b) => b.memoryMiB - a.memoryMiB)
  const groups = new Map<string, MachineSummary[]>()
  for (const machine of shown) {
    const key = machine.tags[0] ?? noTag
    groups.set(key, [...(groups.get(key) ?? []), machine])
  }
  if ([...groups.keys()].every((key) => key === noTag)) return shown.map((machine) => ({ kind: 'machine', machine }))
  const keys = [...groups.keys()].sort((a, b) => Number(a === noTag) - Number(b === noTag) || a.localeCompare(b))
  return keys.flatMap((key): ListRow[] => {
    const inside = groups.get(key) ?? []
    const isFolded = folded.has(key) && search === ''
    const head: ListRow = { kind: 'group', name: key === noTag ? text.list.noTag : key, key, running: inside.filter(({ state }) => isOn(state)).length, all: inside.length, folded: isFolded }
    return isFolded ? [head] : [head, ...inside.map((machine): ListRow => ({ kind: 'machine', machine }))]
  })
}
