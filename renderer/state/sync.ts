/**
 * Keeps the mirror like the engine: a snapshot, then every change. A gap, or an engine that went
 * away, means to subscribe again; what was known stays, marked as old.
 */
import type { EngineEvent } from '../../contract/event.ts'
import { applyEvent, resubscribe } from './apply-event.ts'
import { engine } from './connection.ts'
import { useMirror } from './mirror.ts'

/** Waits between tries, so that an engine that starts anew is found at once and one that is gone costs nothing. */
const pausesMs = [200, 500, 1000, 2000, 5000]

type Happening = Extract<EngineEvent, { type: 'machine.happened' }>
type Listener = (happening: Happening) => void

const listeners = new Set<Listener>()

/** Calls the listener with every edge from now on, such as a crash. Returns how to stop. */
export function onHappening(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Runs for as long as the page does. */
export async function keepInSync(signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      await followOnce(signal, () => (failures = 0))
    } catch {
      if (signal.aborted) return
      const { phase } = useMirror.getState()
      if (phase !== 'away') useMirror.setState({ phase: 'away', asOf: phase === 'live' ? Date.now() : null })
      await pause(pausesMs[Math.min(failures++, pausesMs.length - 1)] ?? 1000, signal)
    }
  }
}

async function followOnce(signal: AbortSignal, onLive: () => void): Promise<void> {
  const events = await engine.events.watch({}, { signal })
  let revision: number | undefined
  for await (const event of events) {
    const next = applyEvent(useMirror.getState(), revision, event)
    if (next === resubscribe) return
    revision = event.revision
    if (event.type === 'machine.happened') for (const listener of listeners) listener(event)
    else useMirror.setState({ ...next, phase: 'live', asOf: null })
    onLive()
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    }, { once: true })
  })
}
