/** Machines that were marked together, for doing something to all of them. Fewer than two: none. */
import { create } from 'zustand'

interface Selection {
  readonly machines: ReadonlySet<string>
}

export const useSelection = create<Selection>(() => ({ machines: new Set() }))

export function select(machines: Iterable<string>): void {
  const marked = new Set(machines)
  useSelection.setState({ machines: marked.size < 2 ? new Set() : marked })
}

export function clearSelection(): void {
  if (useSelection.getState().machines.size > 0) select([])
}
