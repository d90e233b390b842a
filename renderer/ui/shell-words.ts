/** Words of a command line, as a POSIX shell reads them: quotes and backslashes, and nothing else. Pure. */

/** The words of a line; undefined where a quote is not closed. Nothing is expanded. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let quote: '"' | "'" | undefined
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? ''
    if (quote === "'") {
      if (character === "'") quote = undefined
      else word = (word ?? '') + character
    } else if (character === '\\' && (quote === undefined || /["\\$`]/.test(line[at + 1] ?? ''))) {
      const next = line[++at]
      if (next === undefined) return undefined
      // A backslash before the end of a line joins lines.
      if (next !== '\n') word = (word ?? '') + next
    } else if (quote === '"') {
      if (character === '"') quote = undefined
      else word = (word ?? '') + character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + character
  }
  if (quote !== undefined) return undefined
  return word === undefined ? words : [...words, word]
}
