/** A machine's tree of checkpoints, fetched anew whenever an event says that it changed. What was known stays while it is. */
import { useEffect } from 'react'
import { create } from 'zustand'
import type { Timeline } from '../../contract/checkpoint.ts'
import type { MayflyError } from '../../contract/errors.ts'
import { engine } from './connection.ts'
import { toMayflyError } from './failure.ts'
import { useMirror } from './mirror.ts'

interface Known {
  readonly timeline: Timeline | undefined
  /** Why it could not be fetched last. */
  readonly error: MayflyError | undefined
}

const nothing: Known = { timeline: undefined, error: undefined }

const useKnown = create<{ readonly byMachine: Readonly<Record<string, Known>> }>(() => ({ byMachine: {} }))

function know(machine: string, change: Partial<Known>): void {
  useKnown.setState(({ byMachine }) => ({ byMachine: { ...byMachine, [machine]: { ...(byMachine[machine] ?? nothing), ...change } } }))
}

export function useTimeline(machine: string): Known {
  // Changes with everything the tree tells: its checkpoints, the machine's state, which decides what can be taken, and who was forked from it.
  const key = useMirror(({ phase, machines, timelineRevisions }) => {
    if (phase !== 'live') return undefined
    const own = machines.find(({ id }) => id === machine)
    return [timelineRevisions[machine] ?? 0, own?.checkpoints, own?.state, ...machines.filter(({ origin }) => origin?.machine === machine).map(({ id, name }) => `${id} ${name}`)].join('\n')
  })
  useEffect(() => {
    if (key === undefined) return
    const abort = new AbortController()
    engine.checkpoint.list({ machine }, { signal: abort.signal }).then(
      (timeline) => know(machine, { timeline, error: undefined }),
      (error: unknown) => {
        if (!abort.signal.aborted) know(machine, { error: toMayflyError(error) })
      },
    )
    return () => abort.abort()
  }, [machine, key])
  return useKnown(({ byMachine }) => byMachine[machine]) ?? nothing
}

/** Of those machines that were looked at, or asked for. */
export function useKnownTimelines(): Readonly<Record<string, Known>> {
  return useKnown(({ byMachine }) => byMachine)
}

/** Fetches those that are not known yet, one after the other; what cannot be had is left out. */
export async function fetchTimelines(machines: readonly string[], signal: AbortSignal): Promise<void> {
  for (const machine of machines) {
    if (signal.aborted) return
    if (useKnown.getState().byMachine[machine]?.timeline !== undefined) continue
    const timeline = await engine.checkpoint.list({ machine }, { signal }).catch(() => undefined)
    if (timeline !== undefined) know(machine, { timeline, error: undefined })
  }
}
