/**
 * Turns the words after `mayfly` into a command and its input, knowing nothing but the manifest.
 * Node's own parser splits the words: a library for that costs every call ten milliseconds (measured).
 * What is wrong is said before anything is called.
 */
import { parseArgs } from 'node:util'
import { didYouMean } from './did-you-mean.ts'
import { usageError } from './failure.ts'
import { type Command, type Field, type Flag, placeShown } from './manifest.ts'
import { globalFlags } from './own-commands.ts'
import { shown } from './safe-text.ts'
import { parseDurationMs, parseDurationSeconds, parseForward, parseNumber, parsePair, parseSizeMiB } from './units.ts'

export interface GlobalOptions {
  readonly json: boolean
  readonly yes: boolean
  readonly quiet: boolean
  readonly noColor: boolean
  readonly takeOver: boolean
}

/** A value a command's own code takes, by the name of its flag or place. */
export type Options = Readonly<Record<string, unknown>>

export interface Call {
  readonly kind: 'call'
  readonly command: Command
  /** The procedure's input. */
  readonly input: Readonly<Record<string, unknown>>
  readonly options: Options
  readonly globals: GlobalOptions
}

export type CommandLine =
  | Call
  | { readonly kind: 'version' }
  /** `topic`: a command, the first word of several, or null for all. */
  | { readonly kind: 'help'; readonly topic: string | null }

const globalNames: ReadonlySet<string> = new Set(globalFlags.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]))

/** Whether a group of this name exists: `image`, `trash`. */
export function isGroup(commands: readonly Command[], word: string): boolean {
  return commands.some(({ name }) => name.startsWith(`${word} `))
}

/**
 * @throws MayflyError invalid-input: no such command or flag, something missing, too much, or not understood
 */
export function parseCommandLine(words: readonly string[], commands: readonly Command[]): CommandLine {
  const found = findCommand(words, commands)
  if (found.kind !== 'command') return found
  return parseCall(found.command, found.rest, commands)
}

type Found = { readonly kind: 'command'; readonly command: Command; readonly rest: readonly string[] } | Exclude<CommandLine, Call>

/** The command's words come first; only flags every command knows may stand before or between them. */
function findCommand(words: readonly string[], commands: readonly Command[]): Found {
  const before: string[] = []
  let group: string | undefined
  for (const [index, word] of words.entries()) {
    if (word === '--version' || word === '-V') return { kind: 'version' }
    if (word.startsWith('-') && word !== '-') {
      if (!globalNames.has(word)) throw unknownFlag(word, globalFlags, null)
      before.push(word)
      continue
    }
    const name = group === undefined ? word : `${group} ${word}`
    const command = commands.find((candidate) => candidate.name === name)
    if (command !== undefined) return { kind: 'command', command, rest: [...before, ...words.slice(index + 1)] }
    if (group === undefined && isGroup(commands, word)) {
      group = word
      continue
    }
    throw unknownCommand(name, group, commands)
  }
  if (group === undefined || before.some((flag) => flag === '--help' || flag === '-h')) return { kind: 'help', topic: group ?? null }
  const names = commands.filter(({ name }) => name.startsWith(`${group} `)).map(({ name }) => name.slice(group.length + 1))
  throw usageError(group, `mayfly ${group} needs one of: ${names.join(', ')}.`, `See mayfly help ${group}.`)
}

function unknownCommand(name: string, group: string | undefined, commands: readonly Command[]) {
  const known = new Set(commands.flatMap((command) => [command.name, ...(group === undefined ? [command.name.split(' ')[0] ?? ''] : [])]))
  const meant = didYouMean(name, known)
  return usageError('command', `There is no command ${shown(name)}.`, meant === undefined ? 'See mayfly --help.' : `Did you mean "mayfly ${meant}"?`)
}

function unknownFlag(word: string, flags: readonly Flag[], command: string | null) {
  const name = word.replace(/=.*$/s, '')
  const meant = didYouMean(name, flags.flatMap((flag) => spellings(flag)))
  const help = command === null ? 'See mayfly --help.' : `See mayfly ${command} --help. A name that begins with a dash goes after --.`
  return usageError(name, `${command === null ? 'mayfly' : `mayfly ${command}`} has no flag ${shown(name)}.`, meant === undefined ? help : `Did you mean ${meant}?`)
}

/** How a flag may be written. */
export function spellings(flag: Flag): string[] {
  const no = `--no-${flag.name}`
  if (flag.nullable === true) return [no]
  const yes = `--${flag.name}`
  if (flag.sets !== undefined) return [yes]
  return flag.path.length > 0 && (flag.kind === 'boolean' || flag.repeated === true) ? [yes, no] : [yes]
}

function parseCall(command: Command, words: readonly string[], commands: readonly Command[]): CommandLine {
  const flags = [...command.flags, ...globalFlags]
  const byName = new Map<string, { flag: Flag; negative: boolean }>()
  for (const flag of flags) {
    for (const spelling of spellings(flag)) byName.set(spelling.slice(2), { flag, negative: spelling !== `--${flag.name}` })
    if (flag.short !== undefined) byName.set(flag.short, { flag, negative: false })
  }
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(flags.flatMap((flag) => spellings(flag).map((spelling) => {
      const type = flag.kind === 'boolean' || spelling.startsWith('--no-') ? ('boolean' as const) : ('string' as const)
      return [spelling.slice(2), { type, multiple: true, ...(flag.short === undefined || spelling !== `--${flag.name}` ? {} : { short: flag.short }) }]
    }))),
    tokens: true,
    strict: false,
    allowPositionals: true,
  })

  const places = command.positionals
  const restFrom = places.at(-1)?.rest === true ? places.length - 1 : Number.POSITIVE_INFINITY
  const positionals: string[] = []
  const collector = new InputCollector(command)
  const set = new Set<string>()
  for (const token of tokens) {
    if (token.kind === 'option-terminator') {
      if (!Number.isFinite(restFrom)) continue
      const after = words.slice(token.index + 1)
      const missing = Math.max(restFrom - positionals.length, 0)
      const rest = after.slice(missing)
      positionals.push(...after.slice(0, missing), ...(missing > 0 && rest[0] === '--' ? rest.slice(1) : rest))
      break
    }
    if (token.kind === 'positional') {
      if (positionals.length < restFrom) {
        positionals.push(token.value)
        continue
      }
      positionals.push(...words.slice(token.index))
      break
    }
    const known = byName.get(token.name)
    if (known === undefined) throw unknownFlag(token.rawName, flags, command.name)
    const { flag, negative } = known
    if (flag.kind === 'boolean' || negative) {
      if (token.value !== undefined) throw usageError(token.rawName, `${token.rawName} takes no value.`)
      set.add(negative ? `no-${flag.name}` : flag.name)
      if (negative) collector.clear(flag)
      else collector.take(flag, token.rawName, 'true')
      continue
    }
    if (token.value === undefined || (token.inlineValue === false && /^--[a-z]/.test(token.value) && byName.has(token.value.slice(2).replace(/=.*$/s, '')))) throw usageError(token.rawName, `${token.rawName} needs a value.`, `See mayfly ${command.name} --help.`)
    collector.take(flag, token.rawName, token.value)
  }
  if (set.has('help')) return { kind: 'help', topic: command.name }

  for (const [index, place] of places.entries()) {
    const given = place.rest === true ? positionals.slice(index) : positionals.slice(index, index + 1)
    if (given.length === 0 && place.required === true && !optionalWithJson(command, place, set)) throw usageError(place.name, `mayfly ${command.name} needs ${placeShown(place)}${place.description === '' ? '' : `: ${place.description}`}`, `See mayfly ${command.name} --help.`)
    for (const value of given) collector.take(place, placeShown(place), value)
  }
  const tooMany = places.at(-1)?.rest === true ? undefined : positionals[places.length]
  if (tooMany !== undefined) throw usageError('command', `mayfly ${command.name} has no place for ${shown(tooMany)}.`, `See mayfly ${command.name} --help.`)
  if (command.name === 'help') return { kind: 'help', topic: helpTopic(positionals, commands) }
  return {
    kind: 'call',
    command,
    ...collector.finish(),
    globals: { json: set.has('json'), yes: set.has('yes'), quiet: set.has('quiet'), noColor: set.has('no-color'), takeOver: set.has('take-over') },
  }
}

/** A picture printed as JSON needs no file. */
function optionalWithJson(command: Command, place: Field, set: ReadonlySet<string>): boolean {
  return command.name === 'screenshot' && place.name === 'file' && set.has('json')
}

function helpTopic(positionals: readonly string[], commands: readonly Command[]): string | null {
  if (positionals.length === 0) return null
  const name = positionals.join(' ')
  if (commands.some((command) => command.name === name) || isGroup(commands, name)) return name
  throw unknownCommand(name, positionals.length > 1 ? positionals[0] : undefined, commands)
}

/** Puts values where the input has them. */
class InputCollector {
  readonly #command: Command
  readonly #input: Record<string, unknown> = {}
  readonly #options: Record<string, unknown> = {}
  readonly #given = new Set<string>()

  constructor(command: Command) {
    this.#command = command
  }

  take(field: Field | Flag, written: string, text: string): void {
    const value = convert(field, written, text)
    this.#given.add(field.name)
    const [target, key] = this.#place(field)
    const present = target[key]
    if ('sets' in field && field.sets !== undefined) {
      target[key] = field.sets
    } else if (field.kind === 'pair' && Array.isArray(value)) {
      const [name, content] = value as [string, string]
      if ('once' in field && field.once === true && typeof present === 'object' && present !== null && name in present) throw usageError(written, `${written} names ${name} twice.`, `Give all that belongs to ${name} at once: ${written} ${name}=A,B`)
      target[key] = { ...(typeof present === 'object' ? present : {}), [name]: content }
    } else if (field.repeated === true) {
      target[key] = [...(Array.isArray(present) ? (present as unknown[]) : []), value]
    } else {
      target[key] = value
    }
  }

  /** `--no-x`: false, an empty list, or null where that removes it. */
  clear(flag: Flag): void {
    const [target, key] = this.#place(flag)
    if (flag.nullable === true) target[key] = null
    else if (flag.kind === 'pair') target[key] = {}
    else target[key] = flag.repeated === true ? [] : false
  }

  finish(): Pick<Call, 'input' | 'options'> {
    for (const { path, fixed, needs } of this.#command.groups ?? []) {
      const key = path[0] ?? ''
      const group = this.#input[key]
      if (typeof group !== 'object' || group === null) continue
      for (const name of needs) if (!this.#given.has(name)) throw usageError(`--${name}`, `What is set of ${key} also needs --${name}.`)
      Object.assign(group, fixed)
    }
    for (const flag of this.#command.flags) if (flag.required === true && !this.#given.has(flag.name)) throw usageError(`--${flag.name}`, `mayfly ${this.#command.name} needs --${flag.name}${flag.description === '' ? '.' : `: ${flag.description}`}`, `See mayfly ${this.#command.name} --help.`)
    return { input: this.#input, options: this.#options }
  }

  #place(field: Field): [target: Record<string, unknown>, key: string] {
    if (field.path.length === 0) return [this.#options, field.name]
    let target = this.#input
    for (const step of field.path.slice(0, -1)) {
      const inner = target[step]
      const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {}
      target[step] = next
      target = next
    }
    return [target, field.path.at(-1) ?? '']
  }
}

function convert(field: Field, written: string, text: string): unknown {
  switch (field.kind) {
    case 'string': return text
    case 'boolean': return true
    case 'integer': return parseNumber(written, text, true, field)
    case 'number': return parseNumber(written, text, false, field)
    case 'size-mib': return parseSizeMiB(written, text, field)
    case 'duration-ms': return parseDurationMs(written, text, field)
    case 'duration-s': return parseDurationSeconds(written, text, field)
    case 'forward': return parseForward(written, text)
    case 'pair': return parsePair(written, text, field.value)
    case 'enum': {
      const values = field.values ?? []
      if (values.includes(text)) return text
      const meant = didYouMean(text, values)
      throw usageError(written, `${written} is one of ${values.join(', ')}, not ${shown(text)}.`, meant === undefined ? undefined : `Did you mean ${meant}?`)
    }
  }
}
