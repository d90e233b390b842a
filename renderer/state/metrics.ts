/**
 * What running machines use, as the engine measures it once a second. Subscribed to only while
 * somebody looks and the page is seen; the last fifteen minutes are kept.
 */
import type { MachineMetrics } from '../../contract/metrics.ts'
import { useEffect, useSyncExternalStore } from 'react'
import { engine } from './connection.ts'
import { useMirror } from './mirror.ts'

export interface UsagePoint extends Omit<MachineMetrics, 'machine'> {
  /** Milliseconds since 1970. */
  readonly atMs: number
}

const keptMs = 15 * 60 * 1000
const retryMs = 2000
const nothing: readonly UsagePoint[] = []

const points = new Map<string, readonly UsagePoint[]>()
const listeners = new Map<string, Set<() => void>>()
let watching: AbortController | undefined

function tell(machine: string): void {
  for (const listener of listeners.get(machine) ?? []) listener()
}

function add(machine: string, more: readonly UsagePoint[]): void {
  const all = [...(points.get(machine) ?? nothing), ...more].sort((a, b) => a.atMs - b.atMs)
  const since = (all.at(-1)?.atMs ?? 0) - keptMs
  points.set(machine, all.filter(({ atMs }, index) => atMs >= since && atMs !== all[index - 1]?.atMs))
  tell(machine)
}

/** What is measured of a machine goes with it. */
function forgetGone(): void {
  const there = new Set<string>(useMirror.getState().machines.map(({ id }) => id))
  for (const machine of points.keys()) {
    if (there.has(machine) || listeners.has(machine)) continue
    points.delete(machine)
    drawn.delete(machine)
  }
}

function subscribe(machine: string, listener: () => void): () => void {
  const mine = listeners.get(machine) ?? new Set()
  listeners.set(machine, mine)
  mine.add(listener)
  watchOrRest()
  return () => {
    mine.delete(listener)
    if (mine.size === 0) listeners.delete(machine)
    // Whoever is drawn anew leaves and comes back at once.
    queueMicrotask(watchOrRest)
  }
}

function watchOrRest(): void {
  const wanted = listeners.size > 0 && !document.hidden
  if (wanted === (watching !== undefined)) return
  if (wanted) {
    watching = new AbortController()
    void watch(watching.signal)
  } else {
    watching?.abort()
    watching = undefined
  }
}

document.addEventListener('visibilitychange', watchOrRest)

async function watch(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const { at, machines } of await engine.metrics.watch({}, { signal })) {
        for (const { machine, ...usage } of machines) add(machine, [{ ...usage, atMs: Date.parse(at) }])
        forgetGone()
      }
    } catch {
      // The engine is away or the page is hidden: what is known stays.
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

/** Points in the order of time; the same array until there is a new one. */
export function useUsage(machine: string): readonly UsagePoint[] {
  return useSyncExternalStore((listener) => subscribe(machine, listener), () => points.get(machine) ?? nothing)
}

/** What the traces in lists have drawn; all of them at the same moment. */
const drawn = new Map<string, readonly UsagePoint[]>()
const drawnEveryMs = 3000

function pointsToDraw(machine: string): readonly UsagePoint[] {
  const [now, before] = [points.get(machine) ?? nothing, drawn.get(machine) ?? nothing]
  if (before.length > 0 && (now.at(-1)?.atMs ?? 0) - (before.at(-1)?.atMs ?? 0) < drawnEveryMs) return before
  drawn.set(machine, now)
  return now
}

/** The same, new every few seconds only: for many small traces, whose drawing costs more than measuring. */
export function useCalmUsage(machine: string): readonly UsagePoint[] {
  return useSyncExternalStore((listener) => subscribe(machine, listener), () => pointsToDraw(machine))
}

/** The same, with what was measured before somebody looked. */
export function useUsageHistory(machine: string): readonly UsagePoint[] {
  useEffect(() => {
    const abort = new AbortController()
    engine.metrics.history({ machine }, { signal: abort.signal }).then(
      (entries) => add(machine, entries.map(({ at, ...usage }) => ({ ...usage, atMs: Date.parse(at) }))),
      () => undefined,
    )
    return () => abort.abort()
  }, [machine])
  return useUsage(machine)
}
