/** Keys as VNC sends them: a symbol (X11 keysymdef.h) and a place on the keyboard (UI Events code). Pure. */

export interface Key {
  readonly keysym: number
  readonly code: string
}

const named: Readonly<Record<string, Key>> = {
  ctrl: { keysym: 0xffe3, code: 'ControlLeft' }, alt: { keysym: 0xffe9, code: 'AltLeft' }, shift: { keysym: 0xffe1, code: 'ShiftLeft' }, super: { keysym: 0xffeb, code: 'MetaLeft' }, win: { keysym: 0xffeb, code: 'MetaLeft' }, altgr: { keysym: 0xfe03, code: 'AltRight' },
  del: { keysym: 0xffff, code: 'Delete' }, delete: { keysym: 0xffff, code: 'Delete' }, backspace: { keysym: 0xff08, code: 'Backspace' }, tab: { keysym: 0xff09, code: 'Tab' }, enter: { keysym: 0xff0d, code: 'Enter' }, esc: { keysym: 0xff1b, code: 'Escape' }, space: { keysym: 0x20, code: 'Space' },
  up: { keysym: 0xff52, code: 'ArrowUp' }, down: { keysym: 0xff54, code: 'ArrowDown' }, left: { keysym: 0xff51, code: 'ArrowLeft' }, right: { keysym: 0xff53, code: 'ArrowRight' }, home: { keysym: 0xff50, code: 'Home' }, end: { keysym: 0xff57, code: 'End' }, pageup: { keysym: 0xff55, code: 'PageUp' }, pagedown: { keysym: 0xff56, code: 'PageDown' }, insert: { keysym: 0xff63, code: 'Insert' },
  print: { keysym: 0xff61, code: 'PrintScreen' }, pause: { keysym: 0xff13, code: 'Pause' }, menu: { keysym: 0xff67, code: 'ContextMenu' },
}

/** The rows of a US keyboard: code, character, character with Shift. */
const usKeys: readonly (readonly [code: string, plain: string, shifted: string])[] = [
  ['Backquote', '`', '~'], ['Digit1', '1', '!'], ['Digit2', '2', '@'], ['Digit3', '3', '#'], ['Digit4', '4', '$'], ['Digit5', '5', '%'], ['Digit6', '6', '^'], ['Digit7', '7', '&'], ['Digit8', '8', '*'], ['Digit9', '9', '('], ['Digit0', '0', ')'], ['Minus', '-', '_'], ['Equal', '=', '+'],
  ['BracketLeft', '[', '{'], ['BracketRight', ']', '}'], ['Backslash', '\\', '|'], ['Semicolon', ';', ':'], ['Quote', "'", '"'], ['Comma', ',', '<'], ['Period', '.', '>'], ['Slash', '/', '?'], ['Space', ' ', ' '],
  ...Array.from('abcdefghijklmnopqrstuvwxyz', (letter) => [`Key${letter.toUpperCase()}`, letter, letter.toUpperCase()] as const),
]

export interface Stroke {
  readonly key: Key
  readonly shift: boolean
}

const strokes = new Map<string, Stroke>([
  ...usKeys.flatMap(([code, plain, shifted]): [string, Stroke][] => [
    [shifted, { key: { keysym: shifted.codePointAt(0) ?? 0, code }, shift: true }],
    [plain, { key: { keysym: plain.codePointAt(0) ?? 0, code }, shift: false }],
  ]),
  ['\n', { key: { keysym: 0xff0d, code: 'Enter' }, shift: false }],
  ['\t', { key: { keysym: 0xff09, code: 'Tab' }, shift: false }],
])

/** How a US keyboard types a character; undefined where it cannot. */
export function strokeFor(character: string): Stroke | undefined {
  return strokes.get(character)
}

/** `Ctrl+Alt+F2` as keys in the order they go down; undefined where one of them is unknown. */
export function parseCombination(text: string): Key[] | undefined {
  const parts = text.split('+').map((part) => part.trim())
  const keys = parts.map((part): Key | undefined => {
    const name = part.toLowerCase()
    const place = /^f([1-9]|1[0-2])$/.exec(name)
    if (place !== null) return { keysym: 0xffbd + Number(place[1]), code: `F${place[1]}` }
    return named[name] ?? (part.length === 1 ? strokeFor(name)?.key : undefined)
  })
  return keys.every((key) => key !== undefined) ? keys : undefined
}
