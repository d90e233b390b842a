/** Combinations of keys by name. A letter is where the guest's keyboard has it: Ctrl+Z is another key in Germany. Pure. */
import { strokesFor } from '../../state/layouts.ts'
import type { Key, LayoutName } from '../../state/layouts.ts'

const named: Readonly<Record<string, Key>> = {
  ctrl: { keysym: 0xffe3, code: 'ControlLeft' }, alt: { keysym: 0xffe9, code: 'AltLeft' }, shift: { keysym: 0xffe1, code: 'ShiftLeft' }, super: { keysym: 0xffeb, code: 'MetaLeft' }, win: { keysym: 0xffeb, code: 'MetaLeft' }, altgr: { keysym: 0xfe03, code: 'AltRight' },
  del: { keysym: 0xffff, code: 'Delete' }, delete: { keysym: 0xffff, code: 'Delete' }, backspace: { keysym: 0xff08, code: 'Backspace' }, tab: { keysym: 0xff09, code: 'Tab' }, enter: { keysym: 0xff0d, code: 'Enter' }, esc: { keysym: 0xff1b, code: 'Escape' }, space: { keysym: 0x20, code: 'Space' },
  up: { keysym: 0xff52, code: 'ArrowUp' }, down: { keysym: 0xff54, code: 'ArrowDown' }, left: { keysym: 0xff51, code: 'ArrowLeft' }, right: { keysym: 0xff53, code: 'ArrowRight' }, home: { keysym: 0xff50, code: 'Home' }, end: { keysym: 0xff57, code: 'End' }, pageup: { keysym: 0xff55, code: 'PageUp' }, pagedown: { keysym: 0xff56, code: 'PageDown' }, insert: { keysym: 0xff63, code: 'Insert' },
  print: { keysym: 0xff61, code: 'PrintScreen' }, pause: { keysym: 0xff13, code: 'Pause' }, menu: { keysym: 0xff67, code: 'ContextMenu' },
}

/** `Ctrl+Alt+F2` as keys in the order they go down; undefined where one of them is unknown. */
export function parseCombination(text: string, layout: LayoutName): Key[] | undefined {
  const parts = text.split('+').map((part) => part.trim())
  const keys = parts.map((part): Key | undefined => {
    const name = part.toLowerCase()
    const place = /^f([1-9]|1[0-2])$/.exec(name)
    if (place !== null) return { keysym: 0xffbd + Number(place[1]), code: `F${place[1]}` }
    return named[name] ?? (Array.from(part).length === 1 ? onlyKey(name, layout) : undefined)
  })
  return keys.every((key) => key !== undefined) ? keys : undefined
}

/** A combination presses places, so what needs Shift or an accent before it is the key alone, or none. */
function onlyKey(character: string, layout: LayoutName): Key | undefined {
  const strokes = strokesFor(character, layout)
  return strokes?.length === 1 ? strokes[0]?.key : undefined
}
