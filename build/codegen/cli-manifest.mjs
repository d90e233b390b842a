/**
 * Derives the command line from the contract: `hosts/cli/commands.generated.ts` (all that the CLI
 * knows at run time) and `docs/cli.md`. With `--check` it only compares.
 */
import { join } from 'node:path'
import { root } from '../bootstrap.mjs'
import { importTypeScript } from '../import-typescript.mjs'
import { cliReference } from './cli-reference.mjs'
import { proceduresOf } from './contract-walk.mjs'
import { writeGenerated } from './generated-file.mjs'

const made = 'Made by: node build/codegen/cli-manifest.mjs'

/** @typedef {import('../../hosts/cli/manifest.ts').Command} Command */
/** @typedef {import('../../hosts/cli/manifest.ts').Flag} Flag */
/** @typedef {import('../../hosts/cli/manifest.ts').Field} Field */
/** @typedef {import('../../hosts/cli/manifest.ts').ValueKind} ValueKind */
/** @typedef {import('./contract-walk.mjs').JsonSchema} JsonSchema */
/** @typedef {import('./contract-walk.mjs').Procedure} Procedure */

/** @param {string} name */
export function kebab(name) {
  return name.replace(/MiB$/, 'Mib').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/**
 * The branch that is not null, and whether there was a null.
 * @param {JsonSchema} schema
 * @returns {{ schema: JsonSchema, nullable: boolean }}
 */
function withoutNull(schema) {
  const branches = schema.anyOf
  if (branches === undefined) return { schema, nullable: false }
  const real = branches.filter((branch) => branch.type !== 'null')
  const [only] = real
  if (real.length !== 1 || only === undefined) throw new Error('The command line cannot express a choice between shapes.')
  return { schema: { ...only, description: schema.description ?? only.description }, nullable: real.length < branches.length }
}

/**
 * @param {JsonSchema} schema
 * @param {string | undefined} unit
 * @returns {Pick<Field, 'kind' | 'values' | 'min' | 'max'>}
 */
function valueOf(schema, unit) {
  const safe = (/** @type {number | undefined} */ bound) => (bound === undefined || Math.abs(bound) >= Number.MAX_SAFE_INTEGER ? undefined : bound)
  const bounds = { ...(safe(schema.minimum) === undefined ? {} : { min: schema.minimum }), ...(safe(schema.maximum) === undefined ? {} : { max: schema.maximum }) }
  if (unit !== undefined) return { kind: /** @type {ValueKind} */ (unit), ...bounds }
  if (schema.enum !== undefined) return { kind: 'enum', values: schema.enum.map(String) }
  switch (schema.type) {
    case 'string': return { kind: 'string' }
    case 'boolean': return { kind: 'boolean' }
    case 'integer': return { kind: 'integer', ...bounds }
    case 'number': return { kind: 'number', ...bounds }
    case 'object': if (schema.additionalProperties && schema.properties === undefined) return { kind: 'pair' }
    // An object with named fields is taken apart by the caller; anything else has no way to be written.
    // falls through
    default:
  }
  throw new Error(`The command line has no way to write ${JSON.stringify(schema).slice(0, 200)}.`)
}

/**
 * @param {Procedure} procedure
 * @param {string} field
 * @returns {Field['refers']}
 */
function referenceOf(procedure, field) {
  if (field === 'file') return 'file'
  if (field === 'machine') return procedure.path[0] === 'trash' ? 'trash' : 'machine'
  if (field === 'image' || field === 'job' || field === 'template') return field
  return undefined
}

/**
 * @param {JsonSchema} schema
 * @param {ValueKind} kind
 */
function defaultShown(schema, kind) {
  const value = schema.default
  if (value === undefined || value === false || (typeof value === 'object' && value !== null)) return undefined
  if (kind === 'duration-ms' && typeof value === 'number') return value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`
  if (kind === 'duration-s') return `${value}s`
  return String(value)
}

/**
 * One field of an input as a value on the command line.
 * @param {Procedure} procedure
 * @param {readonly string[]} path
 * @param {JsonSchema} schema
 * @param {boolean} required
 * @returns {Field}
 */
function fieldOf(procedure, path, schema, required) {
  const key = path.join('.')
  const said = procedure.meta.cli?.fields?.[key]
  const { schema: whole } = withoutNull(schema)
  const repeated = whole.type === 'array'
  const { schema: one } = repeated && whole.items !== undefined ? withoutNull(whole.items) : { schema: whole }
  const value = valueOf(one, said?.unit)
  const shown = defaultShown(schema, value.kind)
  const refers = referenceOf(procedure, key)
  return {
    name: said?.flag ?? nameOf(path),
    path,
    description: whole.description ?? schema.description ?? '',
    ...value,
    ...(repeated || value.kind === 'pair' ? { repeated: true } : {}),
    ...(required ? { required: true } : {}),
    ...(shown === undefined ? {} : { default: shown }),
    ...(refers === undefined ? {} : { refers }),
  }
}

/**
 * `watchdog.action` is `watchdog-action`; what says which one it is goes by the group's name alone.
 * @param {readonly string[]} path
 */
function nameOf(path) {
  const plain = path.length > 1 && ['kind', 'model'].includes(path.at(-1) ?? '') ? path.slice(0, -1) : path
  return plain.map(kebab).join('-')
}

/**
 * @param {Procedure} procedure
 * @returns {Command}
 */
function commandOf(procedure) {
  const { cli } = procedure.meta
  if (cli === undefined) throw new Error('A procedure without a command has no place here.')
  const properties = procedure.input.properties ?? {}
  const required = new Set(procedure.input.required ?? [])
  const places = (cli.positionals ?? []).map((place) => ({ field: place.replace(/…$/, ''), rest: place.endsWith('…') }))

  const positionals = places.map(({ field, rest }) => {
    const schema = properties[field] ?? { type: 'string' }
    return { ...fieldOf(procedure, [field], schema, required.has(field) || properties[field] === undefined), ...(rest ? { rest: /** @type {const} */ (true) } : {}) }
  })
  for (const place of positionals) if (properties[place.path[0] ?? ''] === undefined) place.path = []

  /** @type {Flag[]} */
  const flags = []
  /** @type {import('../../hosts/cli/manifest.ts').FieldGroup[]} */
  const groups = []
  for (const [field, schema] of Object.entries(properties)) {
    if (places.some((place) => place.field === field)) continue
    const { schema: whole, nullable } = withoutNull(schema)
    const said = cli.fields?.[field]
    if (whole.type === 'object' && whole.properties !== undefined && said?.unit === undefined) {
      const inner = Object.entries(whole.properties)
      const needed = new Set(whole.required ?? [])
      const own = inner
        .filter(([, property]) => property.const === undefined)
        .map(([name, property]) => ({ ...fieldOf(procedure, [field, name], property, false), description: property.description ?? `${sentence(field)}: ${sentence(name).toLowerCase()}.` }))
      flags.push(...own)
      groups.push({
        path: [field],
        fixed: Object.fromEntries(inner.filter(([, property]) => property.const !== undefined).map(([name, property]) => [name, String(property.const)])),
        needs: own.filter((flag) => needed.has(flag.path[1] ?? '')).map((flag) => flag.name),
      })
      if (nullable) flags.push({ name: kebab(field), path: [field], kind: 'boolean', description: `Removes the setting: ${sentence(field).toLowerCase()}.`, nullable: true })
      continue
    }
    flags.push({ ...fieldOf(procedure, [field], schema, required.has(field)), ...(said?.short === undefined ? {} : { short: said.short }), ...(said?.value === undefined ? {} : { value: said.value }) })
  }
  return {
    name: cli.command,
    procedure: procedure.path.join('.'),
    summary: procedure.meta.summary,
    access: procedure.meta.access,
    ...(procedure.meta.job === true ? { job: true } : {}),
    ...(cli.confirm === true ? { confirm: true } : {}),
    ...(cli.interactive === true ? { interactive: true } : {}),
    positionals,
    flags,
    ...(groups.length === 0 ? {} : { groups }),
    examples: cli.examples ?? [],
  }
}

/** @param {string} name */
function sentence(name) {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const { procedures, errors } = await proceduresOf()
const commands = procedures.filter((procedure) => procedure.meta.cli !== undefined).map(commandOf)
const names = new Set()
for (const { name } of commands) {
  if (names.has(name)) throw new Error(`Two procedures want the command "${name}".`)
  names.add(name)
}
const statuses = Object.fromEntries(errors.map(({ code, exitStatus }) => [code, exitStatus]))

const source = `// ${made}
import type { Command } from './manifest.ts'

export const commands: readonly Command[] = [
${commands.map((command) => `  ${JSON.stringify(command)},`).join('\n')}
]
`
const own = await importTypeScript(join(root, 'hosts/cli/own-commands.ts'))
const help = await importTypeScript(join(root, 'hosts/cli/help.ts'))
const withOwnCommands = /** @type {(commands: readonly Command[]) => readonly Command[]} */ (own['withOwnCommands'])
const globals = /** @type {readonly Flag[]} */ (own['globalFlags'])
const words = /** @type {import('./cli-reference.mjs').Words} */ ({ usage: help['usage'], flagShown: help['flagShown'], describe: help['describe'], groups: help['commandGroups'] })
writeGenerated('hosts/cli/commands.generated.ts', source)
writeGenerated('docs/cli.md', cliReference(made, withOwnCommands(commands), globals, statuses, words))
