/** Which lines of several outputs differ: those that do not stand, in the same order, in each of the others. Pure. */

/** Longer outputs are compared by their ends alone: comparing takes the product of their lengths. */
const comparedAtMost = 1500

export interface ComparedOutput {
  readonly lines: readonly string[]
  /** Whether nothing more comes. */
  readonly whole: boolean
}

/** For each output, which of its lines differ from one of the others. One output alone: none. */
export function findDiffering(outputs: readonly ComparedOutput[]): boolean[][] {
  const differing = outputs.map(({ lines }) => lines.map(() => false))
  for (const [a, first] of outputs.entries()) {
    for (const [b, second] of outputs.entries()) {
      if (b <= a) continue
      const [inFirst, inSecond] = common(first.lines, second.lines)
      mark(differing[a], inFirst, second.whole)
      mark(differing[b], inSecond, first.whole)
    }
  }
  return differing
}

/** What the other may still write is not missing there yet. */
function mark(flags: boolean[] | undefined, same: ReadonlySet<number>, otherIsWhole: boolean): void {
  if (flags === undefined) return
  const end = otherIsWhole ? flags.length : lastOf(same) + 1
  for (let line = 0; line < end; line++) if (!same.has(line)) flags[line] = true
}

function lastOf(lines: ReadonlySet<number>): number {
  let last = -1
  for (const line of lines) last = Math.max(last, line)
  return last
}

/** The lines of a longest common subsequence, by their numbers in each. Blank lines count as anything else. */
function common(a: readonly string[], b: readonly string[]): [Set<number>, Set<number>] {
  const inA = new Set<number>()
  const inB = new Set<number>()
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) {
    inA.add(start)
    inB.add(start)
    start++
  }
  let endA = a.length
  let endB = b.length
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    inA.add(--endA)
    inB.add(--endB)
  }
  const fromA = Math.max(start, endA - comparedAtMost)
  const fromB = Math.max(start, endB - comparedAtMost)
  const rows = endA - fromA
  const columns = endB - fromB
  const lengths = new Uint16Array((rows + 1) * (columns + 1))
  const at = (row: number, column: number): number => lengths[row * (columns + 1) + column] ?? 0
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      lengths[row * (columns + 1) + column] = a[fromA + row] === b[fromB + column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1))
    }
  }
  for (let row = 0, column = 0; row < rows && column < columns; ) {
    if (a[fromA + row] === b[fromB + column]) {
      inA.add(fromA + row++)
      inB.add(fromB + column++)
    } else if (at(row + 1, column) >= at(row, column + 1)) row++
    else column++
  }
  return [inA, inB]
}
