/**
 * Keyboards as guests may be set to, for typing a text into one: keys travel as places, and what a
 * place means is the guest's to decide. What people type themselves needs none of this. Pure.
 *
 * Each table is what Windows and X11 (xkeyboard-config) agree on.
 */

import type { KeyPlace } from '../../contract/key.ts'

export const layoutNames = ['us', 'uk', 'de', 'fr', 'es'] as const
export type LayoutName = (typeof layoutNames)[number]

/** A key as VNC sends it: a symbol (X11 keysymdef.h) and a place on the keyboard (UI Events code). */
export interface Key {
  readonly keysym: number
  readonly code: string
}

/** One that every keyboard has. */
export interface PlacedKey extends Key {
  readonly code: KeyPlace
}

/** One press: a key, and what is held meanwhile. */
export interface Stroke {
  readonly key: PlacedKey
  readonly shift: boolean
  readonly altGr: boolean
}

/** Row by row, as the fingers find them on a keyboard of 105 keys. */
const rows = [
  ['Backquote', 'Digit1', 'Digit2', 'Digit3', 'Digit4', 'Digit5', 'Digit6', 'Digit7', 'Digit8', 'Digit9', 'Digit0', 'Minus', 'Equal'],
  ['KeyQ', 'KeyW', 'KeyE', 'KeyR', 'KeyT', 'KeyY', 'KeyU', 'KeyI', 'KeyO', 'KeyP', 'BracketLeft', 'BracketRight'],
  ['KeyA', 'KeyS', 'KeyD', 'KeyF', 'KeyG', 'KeyH', 'KeyJ', 'KeyK', 'KeyL', 'Semicolon', 'Quote', 'Backslash'],
  ['IntlBackslash', 'KeyZ', 'KeyX', 'KeyC', 'KeyV', 'KeyB', 'KeyN', 'KeyM', 'Comma', 'Period', 'Slash'],
] as const satisfies readonly (readonly KeyPlace[])[]

/** A key's characters: alone, with Shift, with AltGr. † before an accent: it waits for the letter it goes on. ∅: this keyboard has no such key. */
const tables: Readonly<Record<LayoutName, readonly [string, string, string, string]>> = {
  us: ['`~ 1! 2@ 3# 4$ 5% 6^ 7& 8* 9( 0) -_ =+', 'qQ wW eE rR tT yY uU iI oO pP [{ ]}', 'aA sS dD fF gG hH jJ kK lL ;: \'" \\|', '∅ zZ xX cC vV bB nN mM ,< .> /?'],
  uk: ['`¬ 1! 2" 3£ 4$€ 5% 6^ 7& 8* 9( 0) -_ =+', 'qQ wW eE rR tT yY uU iI oO pP [{ ]}', "aA sS dD fF gG hH jJ kK lL ;: '@ #~", '\\| zZ xX cC vV bB nN mM ,< .> /?'],
  de: ['†^° 1! 2"² 3§³ 4$ 5% 6& 7/{ 8([ 9)] 0=} ß?\\ †´†`', 'qQ@ wW eE€ rR tT zZ uU iI oO pP üÜ +*~', "aA sS dD fF gG hH jJ kK lL öÖ äÄ #'", '<>| yY xX cC vV bB nN mMµ ,; .: -_'],
  fr: ['² &1 é2~ "3# \'4{ (5[ -6| è7` _8\\ ç9^ à0@ )°] =+}', 'aA zZ eE€ rR tT yY uU iI oO pP †^†¨ $£¤', 'qQ sS dD fF gG hH jJ kK lL mM ù% *µ', '<> wW xX cC vV bB nN ,? ;. :/ !§'],
  es: ['ºª\\ 1!| 2"@ 3·# 4$~ 5% 6&¬ 7/ 8( 9) 0= \'? ¡¿', 'qQ wW eE€ rR tT yY uU iI oO pP †`†^[ +*]', 'aA sS dD fF gG hH jJ kK lL ñÑ †´†¨{ çÇ}', '<> zZ xX cC vV bB nN mM ,; .: -_'],
}

/** Accents that stand alone, and as Unicode puts them on a letter. */
const accents: Readonly<Record<string, { readonly combining: string; readonly keysym: number }>> = {
  '`': { combining: '\u0300', keysym: 0xfe50 }, '´': { combining: '\u0301', keysym: 0xfe51 }, '^': { combining: '\u0302', keysym: 0xfe52 }, '~': { combining: '\u0303', keysym: 0xfe53 }, '¨': { combining: '\u0308', keysym: 0xfe57 },
}

interface Layout {
  readonly characters: ReadonlyMap<string, Stroke>
  /** By the combining accent. */
  readonly dead: ReadonlyMap<string, Stroke>
}

const space: Stroke = { key: { keysym: 0x20, code: 'Space' }, shift: false, altGr: false }
const layouts = Object.fromEntries(layoutNames.map((name) => [name, readLayout(name)])) as Readonly<Record<LayoutName, Layout>>

/** How a keyboard of this layout types a character: one press, or an accent and then a letter. Undefined where it cannot. */
export function strokesFor(character: string, layout: LayoutName): readonly Stroke[] | undefined {
  const { characters, dead } = layouts[layout]
  const direct = characters.get(character)
  if (direct !== undefined) return [direct]
  const alone = dead.get(accents[character]?.combining ?? '')
  if (alone !== undefined) return [alone, space]
  const [letter = '', accent = '', ...more] = character.normalize('NFD')
  const [on, below] = [characters.get(letter), dead.get(accent)]
  return on === undefined || below === undefined || more.length > 0 ? undefined : [below, on]
}

function readLayout(name: LayoutName): Layout {
  const characters = new Map<string, Stroke>([
    ['\n', { key: { keysym: 0xff0d, code: 'Enter' }, shift: false, altGr: false }],
    ['\t', { key: { keysym: 0xff09, code: 'Tab' }, shift: false, altGr: false }],
    [' ', space],
  ])
  const dead = new Map<string, Stroke>()
  for (const [row, codes] of rows.entries()) {
    const keys = (tables[name][row] ?? '').split(' ')
    for (const [place, code] of codes.entries()) readKey(keys[place] ?? '', code, characters, dead)
  }
  return { characters, dead }
}

function readKey(text: string, code: KeyPlace, characters: Map<string, Stroke>, dead: Map<string, Stroke>): void {
  if (text === '∅') return
  for (const [level, [mark, accent]] of [...text.matchAll(/†(.)|./gsu)].entries()) {
    const held = { shift: level === 1, altGr: level === 2 }
    const waiting = accent === undefined ? undefined : accents[accent]
    if (waiting !== undefined) dead.set(waiting.combining, { key: { keysym: waiting.keysym, code }, ...held })
    // The easier way first: what is there without AltGr stays.
    else if (!characters.has(mark) || level < 2) characters.set(mark, { key: { keysym: keysymOf(mark), code }, ...held })
  }
}

/** Latin-1 is its own symbol, and all others are marked as Unicode (keysymdef.h). The euro is older than that. */
function keysymOf(character: string): number {
  const point = character.codePointAt(0) ?? 0
  return point < 0x100 || character === '€' ? point : 0x1000000 + point
}
