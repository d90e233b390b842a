/** QEMU's names (QKeyCode) of the keys of a keyboard. */
import type { KeyPlace } from '../../../contract/key.ts'

const named = {
  Backquote: 'grave_accent', Minus: 'minus', Equal: 'equal', Backspace: 'backspace', Tab: 'tab', BracketLeft: 'bracket_left', BracketRight: 'bracket_right', Enter: 'ret',
  Semicolon: 'semicolon', Quote: 'apostrophe', Backslash: 'backslash', IntlBackslash: 'less', Comma: 'comma', Period: 'dot', Slash: 'slash', Space: 'spc',
  ShiftLeft: 'shift', ControlLeft: 'ctrl', AltLeft: 'alt', AltRight: 'alt_r', MetaLeft: 'meta_l', Escape: 'esc', Delete: 'delete', Insert: 'insert', Home: 'home', End: 'end', PageUp: 'pgup', PageDown: 'pgdn',
  ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right',
} as const

type Named = keyof typeof named
type Rest<Place extends string> = Place extends `Key${infer Letter}` ? Lowercase<Letter> : Place extends `Digit${infer Digit}` ? Digit : Lowercase<Place>
type KeyCode = (typeof named)[Named] | Rest<Exclude<KeyPlace, Named>>

/** Letters, digits and function keys are called what is on them, on a keyboard as in the United States. */
export function keyCode(place: KeyPlace): KeyCode {
  return place in named ? named[place as Named] : (place.replace(/^(?:Key|Digit)/, '').toLowerCase() as KeyCode)
}
