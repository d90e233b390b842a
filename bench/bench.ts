/** What every figure is measured with: a Mayfly of the bench's own, and a share of the time. */
import type { BenchHome } from './bench-home.ts'
import type { FigureName } from './figure.ts'

export interface Bench {
  readonly home: BenchHome
  /** One line on stderr. */
  readonly say: (line: string) => void
  /** Whether a figure may go on with another round; each has its share of the whole time. */
  hasTime(figure: FigureName): boolean
}
