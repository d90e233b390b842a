/** Text from a guest, before it is shown to a person: whatever it wrote, it cannot move a terminal's cursor or hide. */

/** One line of at most `mostCharacters`, with everything that is not printable replaced. */
export function printable(text: string, mostCharacters: number): string {
  const short = text.slice(0, 4 * mostCharacters).replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim()
  const characters = Array.from(short)
  return characters.length <= mostCharacters ? short : `${characters.slice(0, mostCharacters - 1).join('')}…`
}
