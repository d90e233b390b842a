/** Calls a procedure by the name a page sent. Only names of the contract lead anywhere. */
import { isContractProcedure } from '@orpc/contract'
import { contract } from '../../contract/contract.ts'
import { MayflyError } from '../../contract/errors.ts'
import type { EngineConnection } from '../../engine/engine-face.ts'

type Call = (input: unknown, options: { readonly signal: AbortSignal }) => Promise<unknown>

/** Every procedure's name, such as `machine.start`. */
const names: ReadonlySet<string> = new Set(procedureNames(contract, []))

/** Calls `name`. Rejects with `not-found` for a name the contract has not, and with what the procedure throws. */
export function callByName(connection: EngineConnection, name: string, input: unknown, signal: AbortSignal): Promise<unknown> {
  if (!names.has(name)) {
    return Promise.reject(new MayflyError('not-found', 'There is no such procedure.', { kind: 'procedure', ref: name.slice(0, 100) }))
  }
  let at: unknown = connection.client
  for (const part of name.split('.')) at = (at as Record<string, unknown>)[part]
  return (at as Call)(input, { signal })
}

function procedureNames(part: object, path: readonly string[]): string[] {
  return Object.entries(part).flatMap(([name, inner]: [string, unknown]) => {
    const below = [...path, name]
    if (isContractProcedure(inner)) return [below.join('.')]
    return typeof inner === 'object' && inner !== null ? procedureNames(inner, below) : []
  })
}
