/**
 * Where everything of a timeline stands: a row for each checkpoint, in the order of time, and
 * lanes beside each other for branches. The first lane is how the present came to be and holds
 * nothing else; no line runs through a thing it does not belong to. Pure.
 */

export interface TreePoint {
  readonly id: string
  readonly parent: string | null
  /** ISO; decides the order, except that a parent always stands above. */
  readonly takenAt: string
}

/** What hangs on a point besides: forks. */
export interface TreeLeaves {
  /** A point, or null for the present. */
  readonly of: string | null
  /** How many rows they need beside it. */
  readonly rows: number
}

export interface Placed {
  /** Null: the present. */
  readonly id: string | null
  readonly row: number
  readonly lane: number
}

export interface PlacedEdge {
  readonly from: Placed
  readonly to: Placed
  /** Whether it is on the way to the present. */
  readonly led: boolean
}

export interface PlacedLeaves {
  readonly of: string | null
  readonly from: Placed
  readonly lane: number
}

export interface TreeLayout {
  /** In the order of their rows; the present is the last. */
  readonly points: readonly Placed[]
  readonly edges: readonly PlacedEdge[]
  readonly leaves: readonly PlacedLeaves[]
  readonly lanes: number
  readonly rows: number
  /** Tips: where a branch ends, the present among them. */
  readonly branches: number
}

/** `presentParent`: the point the present grew from. */
export function layOutTree(points: readonly TreePoint[], presentParent: string | null, leaves: readonly TreeLeaves[] = []): TreeLayout {
  const byId = new Map(points.map((point) => [point.id, point]))
  const ordered = inOrder(points, byId)
  const rowOf = new Map(ordered.map(({ id }, row) => [id, row]))
  const children = childrenOf(ordered, byId)
  const led = new Set<string>()
  for (let id = presentParent; id !== null && byId.has(id) && !led.has(id); id = byId.get(id)?.parent ?? null) led.add(id)

  const taken = new Taken()
  const laneOf = new Map<string, number>()
  for (const [row, { id, parent }] of ordered.entries()) {
    if (laneOf.has(id)) continue
    if (led.has(id)) {
      laneOf.set(id, 0)
      continue
    }
    // The oldest child goes on in its parent's lane, and so down to the tip.
    const chain: string[] = []
    for (let next: string | undefined = id; next !== undefined; next = children.get(next)?.[0]) chain.push(next)
    // From each of the chain a line runs down to the last of its children.
    const end = Math.max(...chain.map((link) => Math.max(rowOf.get(link) ?? row, ...(children.get(link) ?? []).map((child) => rowOf.get(child) ?? row))))
    const parentLane = parent === null ? 0 : (laneOf.get(parent) ?? 0)
    const lane = taken.firstFree(parentLane + 1, row, end)
    taken.take(lane, row, end)
    for (const link of chain) laneOf.set(link, lane)
    for (let crossed = parentLane + 1; crossed < lane; crossed++) taken.take(crossed, row, row)
  }

  const placed = ordered.map(({ id }, row): Placed => ({ id, row, lane: laneOf.get(id) ?? 0 }))
  const present: Placed = { id: null, row: ordered.length, lane: 0 }
  const byPlace = new Map(placed.map((place) => [place.id, place]))
  const edges = ordered.flatMap(({ id, parent }): PlacedEdge[] => {
    const from = byPlace.get(parent)
    const to = byPlace.get(id)
    return from === undefined || to === undefined || parent === null ? [] : [{ from, to, led: led.has(id) }]
  })
  const last = presentParent === null ? undefined : byPlace.get(presentParent)
  if (last !== undefined) edges.push({ from: last, to: present, led: true })

  const placedLeaves = leaves.flatMap(({ of, rows }): PlacedLeaves[] => {
    const from = of === null ? present : byPlace.get(of)
    if (from === undefined || rows < 1) return []
    const lane = taken.firstFree(from.lane + 1, from.row, from.row + rows - 1)
    taken.take(lane, from.row, from.row + rows - 1)
    return [{ of, from, lane }]
  })
  return {
    points: [...placed, present],
    edges,
    leaves: placedLeaves,
    lanes: 1 + Math.max(0, ...placed.map(({ lane }) => lane), ...placedLeaves.map(({ lane }) => lane)),
    rows: Math.max(placed.length + 1, ...placedLeaves.map(({ from, of }) => from.row + (leaves.find((leaf) => leaf.of === of)?.rows ?? 1))),
    branches: 1 + ordered.filter(({ id }) => id !== presentParent && (children.get(id) ?? []).length === 0).length,
  }
}

export type Step = 'up' | 'down' | 'left' | 'right' | 'first' | 'last'

/** Where an arrow leads from a point: within its lane, or to the nearest of the next lane that has any. */
export function stepFrom({ points }: TreeLayout, from: string | null, step: Step): string | null {
  const here = points.find(({ id }) => id === from) ?? points.at(-1)
  if (here === undefined) return null
  if (step === 'first' || step === 'last') return (step === 'first' ? points[0] : points.at(-1))?.id ?? null
  if (step === 'up' || step === 'down') {
    const lane = points.filter((point) => point.lane === here.lane)
    const next = lane[lane.indexOf(here) + (step === 'up' ? -1 : 1)]
    // A branch begins beside what it grew from: up leads back there.
    if (next === undefined && step === 'up' && here.lane > 0) return stepFrom({ points } as TreeLayout, from, 'left')
    return (next ?? here).id
  }
  const lanes = [...new Set(points.map(({ lane }) => lane))].filter((lane) => (step === 'left' ? lane < here.lane : lane > here.lane)).sort((a, b) => Math.abs(a - here.lane) - Math.abs(b - here.lane))
  const beside = points.filter(({ lane }) => lane === lanes[0])
  const [nearest] = beside.toSorted((a, b) => Math.abs(a.row - here.row) - Math.abs(b.row - here.row) || a.row - b.row)
  return (nearest ?? here).id
}

/** Which rows of which lanes are in use. */
class Taken {
  readonly #lanes: { readonly from: number; readonly to: number }[][] = []

  firstFree(least: number, from: number, to: number): number {
    for (let lane = least; ; lane++) if (!(this.#lanes[lane] ?? []).some((used) => used.from <= to && used.to >= from)) return lane
  }

  take(lane: number, from: number, to: number): void {
    while (this.#lanes.length <= lane) this.#lanes.push([])
    this.#lanes[lane]?.push({ from, to })
  }
}

/** By time, but no point above its parent: clocks are set back. */
function inOrder(points: readonly TreePoint[], byId: ReadonlyMap<string, TreePoint>): TreePoint[] {
  const ordered: TreePoint[] = []
  const seen = new Set<string>()
  for (const point of points.toSorted((a, b) => (a.takenAt === b.takenAt ? (a.id < b.id ? -1 : 1) : a.takenAt < b.takenAt ? -1 : 1))) {
    const waiting: TreePoint[] = []
    for (let next: TreePoint | undefined = point; next !== undefined && !seen.has(next.id); next = next.parent === null ? undefined : byId.get(next.parent)) {
      seen.add(next.id)
      waiting.push(next)
    }
    ordered.push(...waiting.toReversed())
  }
  return ordered
}

/** In the order of their rows. */
function childrenOf(ordered: readonly TreePoint[], byId: ReadonlyMap<string, TreePoint>): Map<string, string[]> {
  const children = new Map<string, string[]>()
  for (const { id, parent } of ordered) {
    if (parent === null || !byId.has(parent)) continue
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [id])
    else siblings.push(id)
  }
  return children
}
