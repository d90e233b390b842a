/**
 * How many columns text takes on a terminal, and how it is cut to fit. Wide characters and emoji
 * take two, combining marks none. Text is printable already: see safe-text.ts.
 */
import { eastAsianWidth } from 'get-east-asian-width'

/** Latin letters and the shapes we draw ourselves: one column each, told without loading Unicode's tables. */
const plain = /^[\x20-\x7e\u{a1}-\u{ac}\u{ae}-\u{17f}…●○◐◌✖✔▲█░]*$/u
const emoji = /\p{Emoji_Presentation}|\p{Regional_Indicator}|\ufe0f/u
const invisible = /^[\p{Mn}\p{Me}\p{Cf}]+$/u

let segmenter: Intl.Segmenter | undefined

/** What a reader sees as one character each. */
function characters(text: string): string[] {
  segmenter ??= new Intl.Segmenter()
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

function characterWidth(character: string): number {
  if (invisible.test(character)) return 0
  return emoji.test(character) ? 2 : eastAsianWidth(character.codePointAt(0) ?? 0)
}

/** Columns. */
export function textWidth(text: string): number {
  if (plain.test(text)) return text.length
  return characters(text).reduce((width, character) => width + characterWidth(character), 0)
}

/** At most `columns` wide; what does not fit is left out of the middle, where names differ least. */
export function cutMiddle(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text
  if (columns <= 1) return columns === 1 ? '…' : ''
  const all = characters(text)
  const tailRoom = Math.floor((columns - 1) / 2)
  const head = take(all, columns - 1 - tailRoom)
  const tail = take(all.toReversed(), tailRoom).toReversed()
  return `${head.join('')}…${tail.join('')}`
}

function take(all: readonly string[], columns: number): string[] {
  const taken: string[] = []
  let width = 0
  for (const character of all) {
    width += characterWidth(character)
    if (width > columns) break
    taken.push(character)
  }
  return taken
}

/** Filled with spaces up to `columns`. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const spaces = ' '.repeat(Math.max(0, columns - textWidth(text)))
  return side === 'left' ? text + spaces : spaces + text
}
