/**
 * Keeps the mirror like the engine: a snapshot, then every change. A gap, or an engine that went
 * away, means to subscribe again; what was known stays, marked as old.
 */
import type { EngineEvent } from '../../contract/event.ts'
import { isMayflyError } from '../../contract/errors.ts'
import { frozenEngineCheck } from '../../contract/wire/frozen-engine.ts'
import { text } from '../text/text.ts'
import { applyEvent, resubscribe } from './apply-event.ts'
import { noWayCheck } from '../client/web-socket-link.ts'
import { engine, tryFreshLink } from './connection.ts'
import { useMirror } from './mirror.ts'

/** Waits between tries, so that an engine that starts anew is found at once and one that is gone costs nothing. */
const pausesMs = [200, 500, 1000, 2000, 5000]
/** How often an engine of which nothing is heard is asked whether it is there, and how long that may take. */
const askEveryMs = 10_000
const answerWithinMs = 6000

const live = { phase: 'live', frozen: null, noWay: false, asOf: null } as const

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
      wentAway(whyAway(error))
      await pause(pausesMs[Math.min(failures++, pausesMs.length - 1)] ?? 1000, signal)
    }
  }
}

interface Away {
  readonly frozen: string | null
  readonly noWay: boolean
}

function whyAway(error: unknown): Away {
  const check = isMayflyError(error, 'host-unavailable') ? error.details.check : undefined
  return { frozen: check === frozenEngineCheck && error instanceof Error ? error.message : null, noWay: check === noWayCheck }
}

function wentAway(why: Away): void {
  const { phase } = useMirror.getState()
  useMirror.setState(phase === 'away' ? why : { phase: 'away', ...why, asOf: phase === 'live' ? Date.now() : null })
}

async function followOnce(signal: AbortSignal, onLive: () => void): Promise<void> {
  const events = await engine.events.watch({}, { signal })
  let revision: number | undefined
  for await (const event of events) {
    const next = applyEvent(useMirror.getState(), revision, event)
    if (next === resubscribe) return
    revision = event.revision
    if (event.type === 'machine.happened') for (const listener of listeners) listener(event)
    else useMirror.setState({ ...next, ...live })
    onLive()
  }
}

/** Neither a frozen engine nor a network that went away ends the subscription, it only falls silent: so it is asked something now and then while somebody looks. */
async function lookWhetherItAnswers(signal: AbortSignal): Promise<void> {
  for (let wasSilent = false; ; ) {
    await pause(askEveryMs, signal)
    if (signal.aborted) return
    // One whose link was seen to break is found by following it anew.
    if (document.hidden || (useMirror.getState().phase !== 'live' && !wasSilent)) continue
    const away = await ask(signal)
    wasSilent = away !== null && away !== 'broken'
    if (away === 'broken') continue
    if (away !== null) wentAway(away)
    else if (useMirror.getState().phase === 'away') useMirror.setState(live)
  }
}

/** Null: it answers. `broken`: its link ended, which who follows it learns too. */
async function ask(signal: AbortSignal): Promise<Away | 'broken' | null> {
  const inTime = (): { signal: AbortSignal } => ({ signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]) })
  const now = await silenceOf(() => engine.engine.info({}, inTime()))
  if (now !== 'silent') return now === null || now.frozen !== null ? now : 'broken'
  // The link may be dead: whoever restarted the engine for that would have restarted it for nothing.
  const fresh = await silenceOf(() => tryFreshLink((client) => client.engine.info({}, inTime())))
  return fresh === 'silent' ? { frozen: text.engine.silent, noWay: false } : fresh
}

async function silenceOf(asking: () => Promise<unknown>): Promise<Away | 'silent' | null> {
  try {
    await asking()
    return null
  } catch (error) {
    return isMayflyError(error, 'cancelled') ? 'silent' : whyAway(error)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
