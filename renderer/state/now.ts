/** The clock, for durations that are shown. One timer for all who look, and none where nobody does. */
import { useSyncExternalStore } from 'react'

const everyMs = 1000

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let now = Date.now()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (timer === undefined) {
    now = Date.now()
    timer = setInterval(() => {
      now = Date.now()
      for (const tell of listeners) tell()
    }, everyMs)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** Milliseconds since 1970; a new value each second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}
