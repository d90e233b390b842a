/** Where in the window one is: an address, so that going back, links and windows of their own work. */
import { useSyncExternalStore } from 'react'

export const machineTabs = ['console', 'overview', 'hardware', 'network', 'timeline', 'log'] as const
export type MachineTab = (typeof machineTabs)[number]

export type Place =
  | { readonly view: 'machines'; readonly machine?: string; readonly tab?: MachineTab }
  /** A console in a window of its own. */
  | { readonly view: 'screen'; readonly machine: string }
  /** Consoles of many: all machines, those marked in the list, the forks of a machine, those of a run. */
  | { readonly view: 'grid'; readonly of?: 'marked' | 'forks' | 'run'; readonly id?: string }
  /** `run`: one of them, or `new` for the form that starts one. */
  | { readonly view: 'runs'; readonly run?: string }
  | { readonly view: 'settings'; readonly section?: SettingsSection }
  | { readonly view: 'templates' | 'images' | 'doctor' | 'about' }

export const settingsSections = ['window', 'machines', 'qemu', 'serve', 'folders', 'trash'] as const
export type SettingsSection = (typeof settingsSections)[number]

const plainViews = ['templates', 'images', 'doctor', 'about'] as const

/** Any path leads somewhere: what is not known leads to the machines. */
export function parsePlace(path: string): Place {
  const [view = '', machine = '', tab = ''] = path.split('/').filter((part) => part !== '').map(decoded)
  const plain = plainViews.find((name) => name === view)
  if (plain !== undefined) return { view: plain }
  if (view === 'settings') {
    const section = settingsSections.find((name) => name === machine)
    return { view, ...(section === undefined ? {} : { section }) }
  }
  if (view === 'screen' && machine !== '') return { view: 'screen', machine }
  if (view === 'runs') return machine === '' ? { view } : { view, run: machine }
  if (view === 'grid') return parseGrid(machine, tab)
  if (view !== 'machines' || machine === '') return { view: 'machines' }
  const known = machineTabs.find((name) => name === tab)
  return { view: 'machines', machine, ...(known === undefined ? {} : { tab: known }) }
}

function parseGrid(of: string, id: string): Place {
  if (of === 'marked') return { view: 'grid', of }
  return (of === 'forks' || of === 'run') && id !== '' ? { view: 'grid', of, id } : { view: 'grid' }
}

export function pathOf(place: Place): string {
  if (place.view === 'runs') return place.run === undefined ? '/runs' : `/runs/${encodeURIComponent(place.run)}`
  if (place.view === 'grid') return ['/grid', ...[place.of, place.id].flatMap((part) => (part === undefined ? [] : [encodeURIComponent(part)]))].join('/')
  if (place.view === 'screen') return `/screen/${encodeURIComponent(place.machine)}`
  if (place.view === 'settings') return place.section === undefined ? '/settings' : `/settings/${place.section}`
  if (place.view !== 'machines') return `/${place.view}`
  if (place.machine === undefined) return '/machines'
  return `/machines/${encodeURIComponent(place.machine)}${place.tab === undefined ? '' : `/${place.tab}`}`
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}

const moved = new EventTarget()
let current: { readonly path: string; readonly place: Place } | undefined

function here(): Place {
  if (current?.path !== location.pathname) current = { path: location.pathname, place: parsePlace(location.pathname) }
  return current.place
}

/** `replace`: going back does not lead to where one was. */
export function go(place: Place, how: 'push' | 'replace' = 'push'): void {
  const path = pathOf(place)
  if (path === location.pathname) return
  if (how === 'push') history.pushState(null, '', path)
  else history.replaceState(null, '', path)
  moved.dispatchEvent(new Event('moved'))
}

export function currentPlace(): Place {
  return here()
}

export function usePlace(): Place {
  return useSyncExternalStore((onChange) => {
    moved.addEventListener('moved', onChange)
    window.addEventListener('popstate', onChange)
    return () => {
      moved.removeEventListener('moved', onChange)
      window.removeEventListener('popstate', onChange)
    }
  }, here)
}
