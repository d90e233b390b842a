/**
 * Reads a bash command line as far as the cursor, and writes candidates so that bash can put them
 * there. Bash breaks words at = and :, and replaces only what follows the last break.
 */

export interface BashLine {
  /** Words before the cursor's, the first being the program. */
  readonly words: readonly string[]
  /** The word at the cursor, quotes and backslashes resolved. */
  readonly current: string
  /** The quote the cursor is inside of. */
  readonly quote: '"' | "'" | null
}

/** Splits as bash does, expanding nothing. */
export function readBashLine(line: string): BashLine {
  const words: string[] = []
  let current = ''
  let begun = false
  let quote: BashLine['quote'] = null
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index)
    if (quote !== null) {
      if (character === quote) quote = null
      else if (character === '\\' && quote === '"' && /["\\$`]/.test(line.charAt(index + 1))) current += line.charAt(++index)
      else current += character
    } else if (character === '"' || character === "'") {
      quote = character
      begun = true
    } else if (character === '\\') {
      current += line.charAt(++index)
      begun = true
    } else if (/\s/.test(character)) {
      if (begun) words.push(current)
      current = ''
      begun = false
    } else {
      current += character
      begun = true
    }
  }
  return { words, current, quote }
}

/**
 * A candidate as bash is to insert it.
 * @param replaced what bash will replace: the end of what was typed
 */
export function writeForBash(word: string, { current, quote }: BashLine, replaced: string): string {
  const end = readBashLine(/^[=:]+$/.test(replaced) ? '' : replaced).current
  const kept = current.endsWith(end) ? current.length - end.length : 0
  const rest = word.slice(kept)
  if (quote === "'") return rest.replaceAll("'", String.raw`'\''`)
  if (quote === '"') return rest.replaceAll(/["\\$`]/g, String.raw`\$&`)
  return rest.replaceAll(/[^\w@%+=:,./\-\u{80}-\u{10ffff}]/gu, String.raw`\$&`)
}
