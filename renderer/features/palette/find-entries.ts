/** Which entries of the palette a few letters ask for. Pure. */
import type { ReactNode } from 'react'
import type { ActionOption, OptionValues } from './action-command.ts'

export type PaletteGroup = 'do' | 'goTo' | 'help'

/** What can be given along with an entry, once Tab was pressed on it. */
export interface EntryOptions {
  readonly list: readonly ActionOption[]
  readonly initial: OptionValues
  /** Those that cannot be left empty. */
  readonly needed: readonly ActionOption[]
  readonly command: (values: OptionValues) => string
  readonly run: (values: OptionValues) => void
}

export interface PaletteEntry {
  readonly key: string
  readonly group: PaletteGroup
  readonly label: string
  /** Found too, but shown only as a fact. */
  readonly fact: string
  readonly icon: ReactNode
  readonly keys?: string
  readonly danger?: boolean
  /** The line for a shell that does the same. */
  readonly command?: string
  readonly options?: EntryOptions
  readonly run: () => void
}

/** Entries in which every word begins something, those first whose label begins with the question; otherwise as they come. */
export function findEntries(entries: readonly PaletteEntry[], query: string, atMost: number): PaletteEntry[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter((word) => word !== '')
  const ranked: { readonly entry: PaletteEntry; readonly rank: number }[] = []
  for (const entry of entries) {
    const label = entry.label.toLocaleLowerCase()
    if (!words.every((word) => label.includes(word) || (word.length > 2 && entry.fact.toLocaleLowerCase().includes(word)))) continue
    const rank = words.reduce((sum, word) => sum + (label.startsWith(word) ? 0 : new RegExp(String.raw`(^|[^\p{L}\p{N}])${escaped(word)}`, 'u').test(label) ? 1 : 2), 0)
    ranked.push({ entry, rank })
  }
  const order: readonly PaletteGroup[] = words.length === 0 ? ['goTo', 'do', 'help'] : ['do', 'goTo', 'help']
  const best = ranked.toSorted((a, b) => a.rank - b.rank).slice(0, atMost)
  return order.flatMap((group) => best.filter(({ entry }) => entry.group === group).map(({ entry }) => entry))
}

function escaped(word: string): string {
  return word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
