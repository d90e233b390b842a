/**
 * REST under `/api` and its description, made from the contract: `POST /api/machine/start` with
 * the procedure's input as JSON. An error is `{"error": …}`, as `mayfly --json` prints it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ORPCError } from '@orpc/client'
import { isContractProcedure } from '@orpc/contract'
import { OpenAPIHandler } from '@orpc/openapi/node'
import { implement } from '@orpc/server'
import type { AnyRouter } from '@orpc/server'
import { contract } from '../../contract/contract.ts'
import { isMayflyError, MayflyError, toErrorRecord } from '../../contract/errors.ts'
import { toMayflyError, toWireError, withErrors } from '../../engine/wire-error.ts'
import { mayflyVersion } from '../../engine/version.ts'
import { callByName } from '../page/call-by-name.ts'
import { withEngine } from '../page/engine-access.ts'
import type { EngineAccess } from '../page/engine-access.ts'
import { readJsonBody } from '../socket/request-body.ts'

export const restPrefix = '/api'

export type RestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Answers requests below `/api`. The caller has checked who asks. Rejects with `not-found` for what is not there. */
export function createRest(engine: EngineAccess): RestHandler {
  const handler = new OpenAPIHandler(passingOn(contract, engine) as AnyRouter, {
    eventIteratorKeepAliveEnabled: false,
    clientInterceptors: [
      (call) => withErrors(() => call.next(), (error) => toWireError(toMayflyError(error, { procedure: call.path.join('.'), signal: call.signal, log: engine.log }))),
    ],
    customErrorResponseBodyEncoder: (error: ORPCError<string, unknown>) => ({ error: toErrorRecord(isMayflyError(error.cause) ? error.cause : toMayflyError(error, { procedure: 'the call', log: engine.log })) }),
  })
  let description: Promise<string> | undefined

  return async (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    if (path === `${restPrefix}/openapi.json` && request.method === 'GET') {
      description ??= describe()
      response.writeHead(200, { 'content-type': 'application/json' }).end(await description)
      return
    }
    if (request.method !== 'POST') throw new MayflyError('not-found', 'Procedures are called with POST.', { kind: 'route', ref: path.slice(0, 100) })
    Object.assign(request, { body: await readJsonBody(request) })
    const { matched } = await handler.handle(request, response, { prefix: restPrefix, context: {} })
    if (!matched) throw new MayflyError('not-found', 'There is no such procedure.', { kind: 'procedure', ref: path.slice(0, 100) })
  }
}

/** The contract with every procedure passed on to whichever engine there is. */
function passingOn(part: object, engine: EngineAccess): object {
  return Object.fromEntries(
    Object.entries(part).map(([name, inner]: [string, object]) => [
      name,
      isContractProcedure(inner)
        ? implement(inner).handler(({ input, path, signal = new AbortController().signal }) => withEngine(engine, (connection) => callByName(connection, path.join('.'), input, signal)))
        : passingOn(inner, engine),
    ]),
  )
}

/** Made when somebody first asks: it loads every schema's description. */
async function describe(): Promise<string> {
  const [{ OpenAPIGenerator }, { ZodToJsonSchemaConverter }] = await Promise.all([import('@orpc/openapi'), import('@orpc/zod/zod4')])
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] })
  const document = await generator.generate(contract, { info: { title: 'Mayfly', version: mayflyVersion }, servers: [{ url: restPrefix }] })
  return JSON.stringify(document)
}
