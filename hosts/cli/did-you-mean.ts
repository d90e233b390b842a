/** Finds the word a mistyped one was meant to be. */

/** Edits from one word to another, a swap of neighbours counting as one. */
function distance(from: string, to: string): number {
  let before: number[] = []
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const cost = from[row - 1] === to[column - 1] ? 0 : 1
      let best = Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (previous[column - 1] ?? 0) + cost)
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) best = Math.min(best, (before[column - 2] ?? 0) + 1)
      current.push(best)
    }
    before = previous
    previous = current
  }
  return previous[to.length] ?? 0
}

/** The nearest of `words`, if it is near enough to be what was meant. */
export function didYouMean(typed: string, words: Iterable<string>): string | undefined {
  if (typed.length > 40) return undefined
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(typed.length / 3)) + 1
  for (const word of words) {
    const steps = word.startsWith(typed) && typed.length >= 3 ? 1 : distance(typed.toLowerCase(), word)
    if (steps < bestDistance) {
      best = word
      bestDistance = steps
    }
  }
  return best
}
