/**
 * The contract's client over `engine.sock`. On the command line's way to every answer, hence
 * light: node:http and a link of our own for the RPC library's protocol, because the library's
 * loads the classes of fetch (14 ms of a process that lives for 100), and no validator.
 * Whatever goes wrong rejects with `MayflyError`; what was on its way when the engine went is said to be unknown.
 */
import { Agent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { createORPCClient } from '@orpc/client'
import { contractHash } from '../../contract/contract-hash.generated.ts'
import { MayflyError } from '../../contract/errors.ts'
import type { EngineClient, EngineConnection } from '../../engine/engine-face.ts'
import { eventsOf } from './event-stream.ts'
import { contractHeader, isHello, routes, streamProtocol } from './protocol.ts'
import type { Hello } from './protocol.ts'
import { fromWire, transportError } from './wire-failure.ts'

export interface SocketConnection extends EngineConnection {
  /** Who answers. Works with an engine of any version. Throws `timeout` where nothing answers in time. */
  hello(options: { readonly timeoutMs: number }): Promise<Hello>
  /** Asks the engine to end; machines run on. Works with an engine of any version. Throws what the holder answers. */
  shutdown(): Promise<void>
}

/** The engine that answers has another contract: nothing was done. Ask it to end, or use its own client. */
export class OtherEngineError extends MayflyError<'conflict'> {
  constructor() {
    super('conflict', 'The engine that runs is of another version of Mayfly.', { state: 'other-version', allowed: ['same-version'] }, { next: 'End it with mayfly engine stop; machines run on.' })
  }
}

interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
  readonly signal?: AbortSignal | undefined
}

/** A client for the engine that listens on `socketPath`. Connects with the first call. */
export function connectEngine(socketPath: string): SocketConnection {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 })

  /** Sends a call; resolves with the head of the answer. */
  function send(call: Call): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      if (call.signal?.aborted === true) return reject(cancelled())
      const headers: Record<string, string | number> = { [contractHeader]: contractHash }
      if (call.body !== undefined) Object.assign(headers, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(call.body) })
      const request = httpRequest({ socketPath, agent, method: call.method, path: call.path, headers })
      const release = abortable(request, call.signal)
      request.on('error', (error) => {
        release()
        reject(call.signal?.aborted === true ? cancelled() : transportError(error, socketPath))
      })
      request.once('response', (response) => {
        response.once('close', release)
        resolve(response)
      })
      request.end(call.body)
    })
  }

  async function sendAndRead(call: Call): Promise<{ response: IncomingMessage; value: unknown }> {
    const response = await send(call)
    try {
      return { response, value: await readJson(response) }
    } catch (error) {
      throw call.signal?.aborted === true ? cancelled() : transportError(error, socketPath)
    }
  }

  async function callProcedure(path: readonly string[], input: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    const response = await send({ method: 'POST', path: `${routes.rpc}/${path.join('/')}`, body: JSON.stringify({ json: input }), signal })
    if (response.headers[contractHeader] !== contractHash) {
      response.resume()
      throw new OtherEngineError()
    }
    if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
      return eventsOf(response, (error) => (signal?.aborted === true ? cancelled() : transportError(error, socketPath)))
    }
    let value: unknown
    try {
      value = await readJson(response)
    } catch (error) {
      throw signal?.aborted === true ? cancelled() : transportError(error, socketPath)
    }
    if (response.statusCode !== 200) throw fromWire(value)
    return isEnvelope(value) ? value.json : undefined
  }

  return {
    client: createORPCClient<EngineClient>({ call: (path, input, { signal }) => callProcedure(path, input, signal) }),
    openStream: (ticket, options = {}) => openStream(socketPath, ticket, options.signal),
    hello: async ({ timeoutMs }) => {
      const signal = AbortSignal.timeout(timeoutMs)
      try {
        const { value } = await sendAndRead({ method: 'GET', path: routes.hello, signal })
        if (!isHello(value)) throw new MayflyError('host-unavailable', `What listens on ${socketPath} is no engine.`, { check: 'engine' })
        return value
      } catch (error) {
        if (signal.aborted) throw new MayflyError('timeout', 'The engine is there but does not answer.', { waitedMs: timeoutMs }, { cause: error })
        throw error
      }
    },
    shutdown: async () => {
      const { response, value } = await sendAndRead({ method: 'POST', path: routes.shutdown })
      if (response.statusCode !== 200) throw fromWire(value)
    },
    close: () => {
      agent.destroy()
      return Promise.resolve()
    },
  }
}

function openStream(socketPath: string, ticket: string, signal: AbortSignal | undefined): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(cancelled())
    const request = httpRequest({
      path: `${routes.stream}${encodeURIComponent(ticket)}`,
      headers: { Connection: 'Upgrade', Upgrade: streamProtocol, [contractHeader]: contractHash },
      // Half-open: the end of what the engine sends is not the end of what it is sent.
      createConnection: () => connect({ path: socketPath, allowHalfOpen: true }),
    })
    const release = abortable(request, signal)
    request.on('error', (error) => {
      release()
      reject(signal?.aborted === true ? cancelled() : transportError(error, socketPath))
    })
    request.once('upgrade', (_response, socket, head) => {
      release()
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    request.once('response', (response) => {
      if (response.headers[contractHeader] !== contractHash) {
        request.destroy()
        return reject(new OtherEngineError())
      }
      readJson(response).then((value) => reject(fromWire(value)), (error: unknown) => reject(transportError(error, socketPath))).finally(release)
    })
    request.end()
  })
}

/** Ends a request when the signal aborts: the engine sees the connection close and aborts the call's own signal. */
function abortable(request: ClientRequest, signal: AbortSignal | undefined): () => void {
  const abort = (): void => void request.destroy()
  signal?.addEventListener('abort', abort, { once: true })
  return () => signal?.removeEventListener('abort', abort)
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response as AsyncIterable<string>) text += chunk
  return text === '' ? undefined : JSON.parse(text)
}

function isEnvelope(value: unknown): value is { json: unknown } {
  return typeof value === 'object' && value !== null && 'json' in value
}

function cancelled(): MayflyError<'cancelled'> {
  return new MayflyError('cancelled', 'The call was cancelled.', {})
}
