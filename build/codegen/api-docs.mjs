/**
 * `node build/codegen/api-docs.mjs [--check]`: writes `docs/api.md`, the contract for people who
 * write clients: every procedure, event, stream, error and type.
 */
import { join } from 'node:path'
import { root } from '../bootstrap.mjs'
import { importTypeScript } from '../import-typescript.mjs'
import { contractComments } from './contract-comments.mjs'
import { proceduresOf } from './contract-walk.mjs'
import { writeGenerated } from './generated-file.mjs'

/** @typedef {import('./contract-walk.mjs').JsonSchema} JsonSchema */
/** @typedef {import('./contract-walk.mjs').Procedure} Procedure */

const comments = contractComments()
const { procedures, errors, types, execFrames } = await proceduresOf({ named: true })
const cli = await importTypeScript(join(root, 'hosts/cli/help.ts'))
const manifest = await importTypeScript(join(root, 'hosts/cli/commands.generated.ts'))
const own = await importTypeScript(join(root, 'hosts/cli/own-commands.ts'))
const usage = /** @type {(command: import('../../hosts/cli/manifest.ts').Command) => string} */ (cli['usage'])
const withOwnCommands = /** @type {(commands: readonly import('../../hosts/cli/manifest.ts').Command[]) => readonly import('../../hosts/cli/manifest.ts').Command[]} */ (own['withOwnCommands'])
const commands = withOwnCommands(/** @type {readonly import('../../hosts/cli/manifest.ts').Command[]} */ (manifest['commands']))

/** @param {string} text */
const cell = (text) => text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')
/** @param {readonly string[]} words */
const codes = (words) => words.map((word) => `\`${word}\``).join(', ')
/** @param {number | undefined} bound */
const isBound = (bound) => bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER

/**
 * A type as TypeScript writes it.
 * @param {JsonSchema} schema
 * @returns {string}
 */
function typeShown(schema) {
  if (schema.$ref !== undefined) return schema.$ref.replace('#/$defs/', '')
  const branches = schema.anyOf ?? schema.oneOf
  if (branches !== undefined) return branches.map(typeShown).join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((word) => JSON.stringify(word)).join(' | ')
  if (Array.isArray(schema.type)) return schema.type.join(' | ')
  if (schema.type === 'array') {
    const item = typeShown(schema.items ?? {})
    return item.includes(' | ') ? `(${item})[]` : `${item}[]`
  }
  if (schema.type === 'object') {
    if (schema.properties === undefined) return typeof schema.additionalProperties === 'object' ? `Record<string, ${typeShown(schema.additionalProperties)}>` : 'object'
    const required = new Set(schema.required ?? [])
    const members = Object.entries(schema.properties).map(([name, property]) => `${name}${required.has(name) ? '' : '?'}: ${typeShown(property)}`)
    return members.length === 0 ? '{}' : `{ ${members.join('; ')} }`
  }
  return schema.type ?? 'unknown'
}

/**
 * What else holds for a value: bounds, lengths, formats.
 * @param {JsonSchema} schema
 * @returns {string}
 */
function limits(schema) {
  const parts = []
  if (isBound(schema.minimum) && isBound(schema.maximum)) parts.push(`${schema.minimum} to ${schema.maximum}`)
  else if (isBound(schema.minimum)) parts.push(`at least ${schema.minimum}`)
  else if (isBound(schema.maximum)) parts.push(`at most ${schema.maximum}`)
  if (schema.maxLength !== undefined) parts.push(`at most ${schema.maxLength} characters`)
  if (schema.minItems !== undefined && schema.maxItems !== undefined) parts.push(`${schema.minItems} to ${schema.maxItems} of them`)
  else if (schema.maxItems !== undefined) parts.push(`at most ${schema.maxItems} of them`)
  if (schema.format !== undefined) parts.push(schema.format)
  else if (schema.pattern !== undefined && schema.pattern.length <= 60) parts.push(`matches \`${schema.pattern}\``)
  return parts.join(', ')
}

/**
 * @param {string} owner name of a type, for its comments; empty: none
 * @param {JsonSchema} schema an object
 * @param {boolean} asInput defaults make a field optional
 */
function fieldTable(owner, schema, asInput) {
  const required = new Set(schema.required ?? [])
  const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const optional = required.has(name) ? '' : '?'
    const fallback = property.default === undefined ? '' : `Default: \`${JSON.stringify(property.default)}\`.`
    const said = property.description ?? comments.get(`${owner}.${name}`) ?? ''
    const bounds = limits(property)
    const text = [said, bounds === '' ? '' : `${bounds.charAt(0).toUpperCase()}${bounds.slice(1)}.`, asInput ? fallback : ''].filter((part) => part !== '').join(' ')
    return `| \`${name}${optional}\` | \`${cell(typeShown(property))}\` | ${cell(text)} |`
  })
  return rows.length === 0 ? [] : ['| field | type | |', '|---|---|---|', ...rows, '']
}

/** @param {JsonSchema} schema */
function outputShown(schema) {
  const name = (schema.$ref ?? schema.items?.$ref)?.replace('#/$defs/', '')
  const shown = typeShown(schema)
  return name === undefined ? `\`${shown}\`` : `[\`${shown}\`](#type-${name.toLowerCase()})`
}

const accessWords = { read: 'Reads.', write: 'Writes.', destroy: 'Destroys.' }
const always = ['invalid-input', 'bug', 'cancelled']

/** @param {Procedure} procedure */
function procedureSection({ path, meta, input, output, streams, errors: possible }) {
  const name = path.join('.')
  const command = commands.find((candidate) => candidate.procedure === name)
  const facts = [accessWords[meta.access]]
  if (meta.states !== undefined) facts.push(`Legal in: ${codes(meta.states)}.`)
  if (meta.job === true) facts.push('Answers with a job that goes on; `job.wait` tells how it ends.')
  if (streams) facts.push('Answers with a stream of events.')
  const fields = fieldTable('', input, true)
  const special = possible.filter((code) => !always.includes(code))
  return [
    `### ${name}`, '', meta.summary, '', facts.join(' '), '',
    ...(fields.length === 0 ? ['Input: `{}`', ''] : ['Input:', '', ...fields]),
    `Output: ${outputShown(output)}${streams ? ', one after another' : ''}`, '',
    ...(special.length === 0 ? [] : [`Errors: ${special.map((code) => `[\`${code}\`](#errors)`).join(', ')}`, '']),
    ...(command === undefined ? [] : [`Command line: \`${usage(command)}\``, '']),
  ]
}

/**
 * @param {string} name
 * @param {JsonSchema} schema
 */
function typeSection(name, schema) {
  const whole = schema.$ref === undefined ? schema : (/** @type {any} */ (schema).$defs?.[schema.$ref.replace('#/$defs/', '')] ?? schema)
  const lines = [`### type ${name}`, '']
  const said = comments.get(name)
  if (said !== undefined) lines.push(said, '')
  if (whole.oneOf !== undefined) {
    for (const variant of whole.oneOf) lines.push(`\`${typeShown(variant)}\``, '')
  } else if (whole.enum !== undefined) {
    lines.push(...whole.enum.map((/** @type {string} */ word) => `- \`${word}\`${comments.has(`${name}=${word}`) ? `: ${comments.get(`${name}=${word}`)}` : ''}`), '')
  } else if (whole.properties === undefined) {
    const bounds = limits(whole)
    lines.push(`\`${typeShown(whole)}\`${bounds === '' ? '' : `, ${bounds}`}`, '')
  } else {
    lines.push(...fieldTable(name, whole, false))
  }
  return lines
}

/** @param {JsonSchema} event */
function eventRow(event) {
  const { type, revision: _, ...members } = event.properties ?? {}
  return `| \`${String(type?.const)}\` | ${cell(Object.entries(members).map(([name, property]) => `\`${name}: ${typeShown(property)}\``).join(', '))} |`
}

const eventType = types.get('Event')
const event = /** @type {JsonSchema} */ (/** @type {any} */ (eventType)?.$defs?.Event ?? eventType)
const namespaces = [...new Set(procedures.map(({ path }) => path[0] ?? ''))]

const lines = [
  '<!-- Made by: node build/codegen/api-docs.mjs -->',
  '# What the engine offers',
  '',
  'One contract (`contract/`), spoken over every transport: in process, and over HTTP on `engine.sock` in the runtime folder (`mayfly host` shows it; owner only). A call is `POST /rpc/<namespace>/<procedure>` with `{"json": <input>}`; the answer is `{"json": <output>}`, or with the HTTP status of its error `{"json": {"code", "message", "data": {"details", "next"}}}`. Input is strict: an unknown field is an error.',
  '',
  `Besides the errors named, any procedure may answer with ${codes(always)}.`,
  '',
  ...namespaces.flatMap((namespace) => [`- ${procedures.filter(({ path }) => path[0] === namespace).map(({ path }) => `[\`${path.join('.')}\`](#${path.join('').toLowerCase()})`).join(' · ')}`]),
  '',
  '## Procedures',
  '',
  ...procedures.flatMap(procedureSection),
  '## Events',
  '',
  '`events.watch` begins with a snapshot; each later event carries the next revision. `gap` ends a subscription whose reader was too slow: subscribe again.',
  '',
  '| type | besides `revision` |',
  '|---|---|',
  ...(event.oneOf ?? []).map(eventRow),
  '',
  '## Streams',
  '',
  'Bytes never travel as JSON. `console.open` and `guest.exec` answer with a ticket, good for one opening within thirty seconds: `GET /stream/<ticket>` with `Upgrade: mayfly-stream`. Both directions carry back-pressure; the end of one direction does not end the other.',
  '',
  '- `bytes`: raw, both ways.',
  `- \`exec\`: frames of one byte of kind, four bytes of length (big endian), then that many bytes, at most ${execFrames.maxBytes}:`,
  '',
  '| kind | number | |',
  '|---|---|---|',
  ...Object.entries(execFrames.kinds).map(([kind, number]) => `| \`${kind}\` | ${number} | ${cell(comments.get(`ExecFrameKinds.${kind}`) ?? '')} |`),
  '',
  '## Errors',
  '',
  'A message is a sentence for people and may change; the code and its details are the contract.',
  '',
  '| code | details | exit status | HTTP | may succeed later |',
  '|---|---|---|---|---|',
  ...errors.map(({ code, details, exitStatus, httpStatus, retryable }) => `| \`${code}\` | \`${cell(typeShown(details))}\` | ${exitStatus} | ${httpStatus} | ${retryable ? 'yes' : 'no'} |`),
  '',
  '## Types',
  '',
  ...[...types].filter(([name]) => name !== 'Event').sort(([a], [b]) => a.localeCompare(b)).flatMap(([name, schema]) => typeSection(name, schema)),
]
writeGenerated('docs/api.md', `${lines.join('\n').trimEnd()}\n`)
