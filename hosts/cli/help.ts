/** What `--help` says, from the manifest. Fits eighty columns; wider terminals get no longer lines, because long lines read badly. */
import { type Command, type Field, type Flag, placeShown } from './manifest.ts'
import { globalFlags } from './own-commands.ts'
import { formatSizeMiB } from './units.ts'

const columns = 80

interface CommandGroup {
  readonly title: string
  readonly commands: readonly Command[]
}

const titles = ['Machines', 'Checkpoints', 'Inside the machine', 'Templates and runs', 'Devices', 'Images', 'Trash', 'Jobs', 'This host', 'mayfly itself'] as const
type Title = (typeof titles)[number]

const titleByNamespace: Readonly<Record<string, Title>> = {
  machine: 'Machines', console: 'Inside the machine', guest: 'Inside the machine', disk: 'Devices', cdrom: 'Devices', nic: 'Devices', forward: 'Devices',
  checkpoint: 'Checkpoints', settings: 'This host',
  template: 'Templates and runs', run: 'Templates and runs',
  image: 'Images', trash: 'Trash', job: 'Jobs', host: 'This host', engine: 'This host', events: 'Machines',
}

/** Commands under their headings, none left out. */
export function commandGroups(commands: readonly Command[]): readonly CommandGroup[] {
  const titleOf = ({ procedure, name }: Command): Title => {
    if (procedure === null) return name === 'completion' || name === 'help' ? 'mayfly itself' : 'This host'
    return titleByNamespace[procedure.split('.')[0] ?? ''] ?? 'mayfly itself'
  }
  return titles
    .map((title) => ({ title, commands: commands.filter((command) => titleOf(command) === title) }))
    .filter((group) => group.commands.length > 0)
}

/** `mayfly create NAME [flags]`. */
export function usage(command: Command): string {
  const rest = command.positionals.at(-1)?.rest === true
  const places = command.positionals.map((place) => {
    const word = placeShown(place)
    const shown = place.rest === true ? (place.name === 'argv' ? `-- ${word}…` : `${word}…`) : word
    return place.required === true ? shown : `[${shown}]`
  })
  const needed = command.flags.filter(({ required }) => required === true).map((flag) => flagShown(flag))
  const optional = command.flags.some(({ required }) => required !== true) ? ['[FLAGS]'] : []
  const flags = [...needed, ...optional]
  const words = rest ? [...places.slice(0, -1), ...flags, ...places.slice(-1)] : [...places, ...flags]
  return ['mayfly', command.name, ...words].join(' ')
}

const placeholders: Readonly<Record<Field['kind'], string>> = {
  string: 'TEXT', boolean: '', integer: 'N', number: 'N', enum: 'WORD', 'size-mib': 'SIZE', 'duration-ms': 'TIME', 'duration-s': 'TIME', forward: 'FORWARD', pair: 'NAME=VALUE',
}

/** `--memory SIZE`, `--[no-]tpm`, `--no-connected`. */
export function flagShown(flag: Flag): string {
  if (flag.nullable === true) return `--no-${flag.name}`
  if (flag.kind === 'boolean') {
    if (flag.default === 'true') return `--no-${flag.name}`
    return flag.path.length > 0 && flag.sets === undefined && !switches.has(flag.name) ? `--[no-]${flag.name}` : `--${flag.name}`
  }
  const value = flag.value ?? (flag.refers === undefined ? placeholders[flag.kind] : flag.refers.toUpperCase())
  return `--${flag.name} ${value}`
}

/** Off unless given, so that nobody needs to be told how to say no. */
const switches: ReadonlySet<string> = new Set(['start', 'force', 'remeasure', 'keep-on-failure'])

/** The description with what else is worth knowing: words, default, whether it may be repeated. */
export function describe(field: Field): string {
  const more: string[] = []
  const listed = field.values?.every((word) => field.description.includes(word)) ?? true
  if (field.values !== undefined && !listed) more.push(`One of ${field.values.join(', ')}.`)
  if (field.kind === 'forward') more.push('[ADDRESS:]HOST:GUEST[/udp].')
  if (field.default !== undefined && field.default !== 'true' && field.default !== '' && !field.description.includes('default')) more.push(`Default: ${field.kind === 'size-mib' ? formatSizeMiB(Number(field.default)) : field.default}.`)
  if (field.repeated === true && field.kind !== 'string') more.push('May be repeated.')
  else if (field.repeated === true && !('rest' in field)) more.push('May be repeated.')
  return [field.description, ...more].filter((text) => text !== '').join(' ')
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

/** Terms on the left, what they mean on the right; a long term gets a line of its own. */
function definitions(entries: readonly (readonly [term: string, text: string])[], widest = 28): string[] {
  const width = Math.min(widest, Math.max(0, ...entries.map(([term]) => term.length)))
  return entries.flatMap(([term, text]) => {
    const lines = wrap(text, columns - width - 4)
    const indented = lines.map((line) => `${' '.repeat(width + 4)}${line}`.trimEnd())
    if (term.length > width) return [`  ${term}`, ...indented]
    return [`  ${term.padEnd(width)}  ${lines[0] ?? ''}`.trimEnd(), ...indented.slice(1)]
  })
}

function flagTerm(flag: Flag): string {
  return `${flag.short === undefined ? '    ' : `-${flag.short}, `}${flagShown(flag)}`
}

function firstSentence(text: string): string {
  return /^.*?[.:](?= |$)/.exec(text)?.[0].replace(/:$/, '.') ?? text
}

/** All commands under their headings. */
function overview(commands: readonly Command[]): string {
  const lines = ['Virtual machines that hatch in milliseconds.', '', 'Usage: mayfly COMMAND …', '']
  for (const { title, commands: group } of commandGroups(commands)) {
    lines.push(`${title}:`, ...definitions(group.map((command) => [command.name, firstSentence(command.summary)]), 18), '')
  }
  lines.push('Flags of every command:', ...definitions([...globalFlags.map((flag) => [flagTerm(flag), describe(flag)] as const), ['-V, --version', 'Print the version.']]), '')
  lines.push('Begin with:', '  mayfly image build tiny', '  mayfly create first --image tiny --start', '  mayfly console first', '', 'More about one command: mayfly help COMMAND')
  return `${lines.join('\n')}\n`
}

/** The commands of one group: `mayfly help image`. */
function groupHelp(group: string, commands: readonly Command[]): string {
  const members = commands.filter(({ name }) => name.startsWith(`${group} `))
  return `${[...definitions(members.map((command) => [usage(command), command.summary]), 40), '', `More about one: mayfly help ${group} COMMAND`].join('\n')}\n`
}

/** Everything about one command. */
function commandHelp(command: Command): string {
  const lines = [...wrap(command.summary, columns), '', ...wrap(`Usage: ${usage(command)}`, columns), '']
  const places = command.positionals.map((place) => [placeShown(place), describe(place)] as const).filter(([, text]) => text !== '')
  if (places.length > 0) lines.push(...definitions(places), '')
  if (command.flags.length > 0) lines.push('Flags:', ...definitions(command.flags.map((flag) => [flagTerm(flag), describe(flag)])), '')
  for (const note of command.notes ?? []) lines.push(...wrap(note, columns), '')
  if (command.confirm === true) lines.push('Asks before it acts; with --yes it does not.', '')
  if (command.examples.length > 0) lines.push('Examples:', ...command.examples.map((example) => `  ${example}`), '')
  lines.push('Flags of every command: mayfly --help')
  return `${lines.join('\n')}\n`
}

/** Help about a command, a group of them (`image`), or all. */
export function helpText(topic: string | null, commands: readonly Command[]): string {
  if (topic === null) return overview(commands)
  const command = commands.find(({ name }) => name === topic)
  return command === undefined ? groupHelp(topic, commands) : commandHelp(command)
}
