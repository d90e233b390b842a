/**
 * Keeps the mirror like the engine: a snapshot, then every change. A gap, or an engine that went
 * away, means to subscribe again; what was known stays, marked as old.
 */
import type { EngineEvent } from '../../contract/event.ts'
import { isMayflyError } from '../../contract/errors.ts'
import { frozenEngineCheck } from '../../contract/wire/frozen-engine.ts'
import { text } from '../text/text.ts'
import { applyEvent, resubscribe } from './apply-event.ts'
import { engine } from './connection.ts'
import { useMirror } from './mirror.ts'

/** Waits between tries, so that an engine that starts anew is found at once and one that is gone costs nothing. */
const pausesMs = [200, 500, 1000, 2000, 5000]
/** How often an engine of which nothing is heard is asked whether it is there, and how long that may take. */
const askEveryMs = 10_000
const answerWithinMs = 6000

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
  void lookWhetherItAnswers(signal)
  for (let failures = 0; !signal.aborted; ) {
    try {
      await followOnce(signal, () => (failures = 0))
    } catch (error) {
      if (signal.aborted) return
      wentAway(isMayflyError(error, 'host-unavailable') && error.details.check === frozenEngineCheck ? error.message : null)
      await pause(pausesMs[Math.min(failures++, pausesMs.length - 1)] ?? 1000, signal)
    }
  }
}

function wentAway(frozen: string | null): void {
  const { phase } = useMirror.getState()
  useMirror.setState(phase === 'away' ? { frozen } : { phase: 'away', frozen, asOf: phase === 'live' ? Date.now() : null })
}

async function followOnce(signal: AbortSignal, onLive: () => void): Promise<void> {
  const events = await engine.events.watch({}, { signal })
  let revision: number | undefined
  for await (const event of events) {
    const next = applyEvent(useMirror.getState(), revision, event)
    if (next === resubscribe) return
    revision = event.revision
    if (event.type === 'machine.happened') for (const listener of listeners) listener(event)
    else useMirror.setState({ ...next, phase: 'live', frozen: null, asOf: null })
    onLive()
  }
}

/** A frozen engine ends no subscription, it only falls silent: so it is asked something now and then while somebody looks. */
async function lookWhetherItAnswers(signal: AbortSignal): Promise<void> {
  for (;;) {
    await pause(askEveryMs, signal)
    if (signal.aborted) return
    const { phase, frozen } = useMirror.getState()
    // One that is away altogether is found by following it anew.
    if (document.hidden || (phase !== 'live' && frozen === null)) continue
    const said = await ask(signal)
    if (said === 'answers' && useMirror.getState().frozen !== null) useMirror.setState({ phase: 'live', frozen: null, asOf: null })
    else if (typeof said === 'object') wentAway(said.frozen)
  }
}

async function ask(signal: AbortSignal): Promise<'answers' | 'away' | { readonly frozen: string }> {
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), answerWithinMs)
  try {
    await engine.engine.info({}, { signal: AbortSignal.any([signal, patience.signal]) })
    return 'answers'
  } catch (error) {
    if (isMayflyError(error, 'host-unavailable') && error.details.check === frozenEngineCheck) return { frozen: error.message }
    return patience.signal.aborted ? { frozen: text.engine.silent } : 'away'
  } finally {
    clearTimeout(timer)
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
