/** The engine's contract without a wire: for the host that holds the engine, and for tests. */
import { createRouterClient } from '@orpc/server'
import { MayflyError } from '../contract/errors.ts'
import type { EngineConnection, EngineFace, EngineLog } from './engine-face.ts'
import { toMayflyError, withErrors } from './wire-error.ts'

/** A client that calls the engine directly. Input and output are checked as on any transport. */
export function connectInProcess(face: EngineFace, log: EngineLog): EngineConnection {
  const client = createRouterClient(face.router, {
    interceptors: [
      (call) => {
        const { path, signal } = call
        const procedure = path.join('.')
        return withErrors(() => untilAborted(signal, procedure, () => call.next()), (error) => toMayflyError(error, { procedure, signal, log }))
      },
    ],
  })
  return {
    client,
    openStream: async (ticket, options) => {
      if (options?.signal?.aborted === true) throw cancelled('Opening the stream')
      return face.streams.open(ticket)
    },
    close: () => Promise.resolve(),
  }
}

/** Ends the caller's wait when it aborts, as a wire would, whatever the procedure makes of the signal. */
function untilAborted<T>(signal: AbortSignal | undefined, procedure: string, call: () => Promise<T>): Promise<T> {
  if (signal === undefined) return call()
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(cancelled(procedure))
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    call().then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function cancelled(what: string): MayflyError<'cancelled'> {
  return new MayflyError('cancelled', `${what} was cancelled.`, {})
}
