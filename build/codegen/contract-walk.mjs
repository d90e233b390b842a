/** Reads the contract as data: each procedure with its meaning, its input and output as JSON Schema, and its errors. */
import { join } from 'node:path'
import { root } from '../bootstrap.mjs'
import { importTypeScript } from '../import-typescript.mjs'

/**
 * As much of JSON Schema as the contract uses.
 * @typedef {object} JsonSchema
 * @property {string} [type]
 * @property {string} [description]
 * @property {unknown} [default]
 * @property {unknown} [const]
 * @property {readonly unknown[]} [enum]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {number} [minLength]
 * @property {number} [maxLength]
 * @property {number} [minItems]
 * @property {number} [maxItems]
 * @property {string} [pattern]
 * @property {string} [format]
 * @property {string} [$ref]
 * @property {JsonSchema} [items]
 * @property {Record<string, JsonSchema>} [properties]
 * @property {readonly string[]} [required]
 * @property {JsonSchema | boolean} [additionalProperties]
 * @property {readonly JsonSchema[]} [anyOf]
 * @property {readonly JsonSchema[]} [oneOf]
 */

/**
 * @typedef {object} Procedure
 * @property {readonly string[]} path
 * @property {import('../../contract/procedure.ts').ProcedureMeta} meta
 * @property {JsonSchema} input as a caller writes it
 * @property {JsonSchema} output as the engine answers; where `streams`, of one item
 * @property {boolean} streams
 * @property {readonly string[]} errors codes
 */

/** @typedef {{ code: string, exitStatus: number, httpStatus: number, retryable: boolean, details: JsonSchema }} ErrorCode */

/** Modules whose exported schemas get a name of their own in the documents. */
const namedIn = ['ids', 'machineState', 'device', 'machine', 'image', 'job', 'host', 'event', 'stream', 'trash', 'errors']

/**
 * @param {{ named?: boolean }} [options] `named`: outputs refer to the contract's exported schemas by `$ref: '#/$defs/Name'`
 * @returns {Promise<{ procedures: Procedure[], errors: ErrorCode[], types: ReadonlyMap<string, JsonSchema>, execFrames: { kinds: Record<string, number>, headerBytes: number, maxBytes: number } }>}
 *   `types` are the exported schemas by name
 */
export async function proceduresOf(options = {}) {
  const modules = /** @type {Record<string, any>} */ (await importTypeScript(join(root, 'build/codegen/contract-entry.ts')))
  const { z, contract, getEventIteratorSchemaDetails } = modules
  const registry = z.registry()
  /** @type {Map<string, any>} */
  const named = new Map()
  for (const module of namedIn) {
    for (const [name, value] of Object.entries(modules[module])) {
      if (!name.endsWith('Schema') || !(value instanceof z.ZodType) || registry.has(value)) continue
      const id = name.charAt(0).toUpperCase() + name.slice(1, -'Schema'.length)
      registry.add(value, { id })
      named.set(id, value)
    }
  }
  const convert = (/** @type {any} */ schema, /** @type {'input' | 'output'} */ io) =>
    z.toJSONSchema(schema, { io, unrepresentable: 'any', ...(options.named === true ? { metadata: registry } : {}) })

  /** @type {Procedure[]} */
  const procedures = []
  const walk = (/** @type {any} */ node, /** @type {string[]} */ path) => {
    const definition = node['~orpc']
    if (definition === undefined) {
      for (const [name, child] of Object.entries(node)) walk(child, [...path, name])
      return
    }
    const events = definition.outputSchema === undefined ? undefined : getEventIteratorSchemaDetails(definition.outputSchema)
    procedures.push({
      path,
      meta: definition.meta,
      input: z.toJSONSchema(definition.inputSchema, { io: 'input', unrepresentable: 'any' }),
      output: convert(events?.yields ?? definition.outputSchema, 'output'),
      streams: events !== undefined,
      errors: Object.keys(definition.errorMap),
    })
  }
  walk(contract, [])
  const errors = Object.entries(modules['errorTable']).map(([code, mapping]) => ({ code, ...mapping, details: convert(modules['errorDetailsSchema'](code), 'output') }))
  return {
    procedures,
    errors,
    types: new Map([...named].map(([id, schema]) => [id, convert(schema, 'output')])),
    execFrames: { kinds: modules['execFrameKinds'], headerBytes: modules['execFrameHeaderBytes'], maxBytes: modules['maxExecFrameBytes'] },
  }
}
