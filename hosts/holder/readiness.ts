/** What a detached engine tells the process that started it, once, on a pipe of its own: how its start ended. */
import type { ErrorRecord } from '../../contract/errors.ts'

export type Readiness =
  /** It listens. */
  | { readonly kind: 'ready' }
  /** Another process holds the engine; this one ends. */
  | { readonly kind: 'held' }
  | { readonly kind: 'failed'; readonly error: ErrorRecord }

/** The descriptor of that pipe in the engine, and the argument that says it is there: by hand, 3 may be anything. */
export const readinessFd = 3
export const readinessFlag = '--tell-readiness'

/** The argument of an engine that nobody asked for: the waker started it, because something is due. */
export const wokenFlag = '--woken'
