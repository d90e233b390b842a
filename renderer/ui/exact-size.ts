/** Sizes that read back as exactly the same number, for fields and command lines. */

/** `1.5 GiB`, `1000 MiB`: the largest unit in which at most two decimals say all of it. `gap` stands before the unit. */
export function formatExactMiB(sizeMiB: number, gap = ' '): string {
  for (const [unit, factor] of [['TiB', 1024 ** 2], ['GiB', 1024]] as const) {
    const amount = sizeMiB / factor
    if (amount >= 1 && Number.isInteger(amount * 4)) return `${amount}${gap}${unit}`
  }
  return `${sizeMiB}${gap}MiB`
}
