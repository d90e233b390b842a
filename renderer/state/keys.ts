/**
 * The keys of the window that are the browser's own in a browser: there, others do the same. Where
 * a key is shown and where it is heard, it is asked for here.
 */
import { desktopBridge } from '../client/connect.ts'

export type KeyedFace = 'desktop' | 'browser'

interface ShownKey {
  /** As people read it. */
  readonly shown: string
  /** As `aria-keyshortcuts` wants it. */
  readonly aria: string
}

interface KeysOfFace {
  readonly newMachine: ShownKey
  /** With a digit. */
  readonly tabs: string
}

/** Browsers open a window with Ctrl+N, and show another of their tabs with Ctrl or Alt and a digit. */
const keysByFace: Readonly<Record<KeyedFace, KeysOfFace>> = {
  desktop: { newMachine: { shown: 'Ctrl N', aria: 'Control+N' }, tabs: 'Ctrl' },
  browser: { newMachine: { shown: 'Alt N', aria: 'Alt+N' }, tabs: 'Alt Shift' },
}

const face: KeyedFace = desktopBridge() === undefined ? 'browser' : 'desktop'

export const keys: KeysOfFace = keysByFace[face]

type KeyPress = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey'>

/** What a press asks for, of that which differs; undefined: nothing. `tab` counts from 1. */
export function keyMeaning({ key, code, ctrlKey, altKey, shiftKey, metaKey }: KeyPress, on: KeyedFace = face): 'new-machine' | { readonly tab: number } | undefined {
  if (metaKey) return undefined
  const modified = on === 'desktop' ? ctrlKey && !altKey : altKey && !ctrlKey
  if (!modified) return undefined
  if (!shiftKey && key.toLowerCase() === 'n') return 'new-machine'
  // With Shift the key is another sign.
  const digit = /^Digit([1-9])$/.exec(code)?.[1]
  return digit !== undefined && shiftKey === (on === 'browser') ? { tab: Number(digit) } : undefined
}
