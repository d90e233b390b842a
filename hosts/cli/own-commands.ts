/**
 * What the command line adds to the contract: flags every command takes, flags of the commands
 * that are more than one call, and commands about `mayfly` itself.
 */
import type { Command, Flag } from './manifest.ts'

export const globalFlags: readonly Flag[] = [
  { name: 'json', path: [], kind: 'boolean', description: 'Print what the engine answered as JSON; errors as JSON on stderr.' },
  { name: 'yes', short: 'y', path: [], kind: 'boolean', description: 'Do not ask.' },
  { name: 'quiet', short: 'q', path: [], kind: 'boolean', description: 'Say only what was asked for.' },
  { name: 'no-color', path: [], kind: 'boolean', description: 'No colours, also with NO_COLOR set or away from a terminal.' },
  { name: 'take-over', path: [], kind: 'boolean', description: 'Replace an engine that does not answer, without asking.' },
  { name: 'help', short: 'h', path: [], kind: 'boolean', description: 'Explain the command.' },
]

interface Addition {
  /** Flags of the contract's input that make no sense in this command. */
  readonly without: readonly string[]
  readonly flags: readonly Flag[]
  /** What is said otherwise of a flag that is there. */
  readonly changed?: Readonly<Record<string, Partial<Flag>>>
  readonly examples?: readonly string[]
  readonly notes?: readonly string[]
}

const option = (name: string, description: string): Flag => ({ name, path: [], kind: 'boolean', description })

const additions: Readonly<Record<string, Addition>> = {
  'checkpoint take': {
    without: [],
    flags: [
      { name: 'ram', path: ['what'], kind: 'boolean', sets: 'ram', description: 'The same as --what ram.' },
      { name: 'disk', path: ['what'], kind: 'boolean', sets: 'disks', description: 'The same as --what disks.' },
    ],
  },
  fork: {
    without: [],
    flags: [
      { name: 'start', path: ['begin'], kind: 'boolean', sets: 'start', description: 'The same as --begin start.' },
      { name: 'paused', path: ['begin'], kind: 'boolean', sets: 'pause', description: 'The same as --begin pause.' },
    ],
    changed: { from: { value: 'CHECKPOINT' }, name: { value: 'PATTERN' } },
    examples: ['mayfly fork web --count 3 --quiet'],
    notes: ['With --quiet the names are printed, one a line, and nothing else.'],
  },
  life: {
    without: [],
    flags: [{ name: 'ttl', path: ['ttlSeconds'], kind: 'boolean', nullable: true, description: 'No time ends it any more.' }],
    changed: { ttl: { description: 'Delete it after this time from now.' } },
  },
  runs: {
    without: [],
    flags: [],
    changed: { limit: { description: 'How many.' } },
    notes: ['What a run left is had with mayfly evidence list, evidence file and evidence save.'],
  },
  console: {
    without: ['kind', 'replay-bytes'],
    flags: [
      { name: 'replay', path: ['replayBytes'], kind: 'integer', min: 0, max: 1024 * 1024, default: '16384', value: 'BYTES', description: 'How much of what was written before is shown first.' },
      { name: 'idle', path: [], kind: 'duration-ms', min: 1, max: 3_600_000, default: '2s', description: 'After stdin has ended: leave when nothing has come for so long.' },
    ],
    examples: ['mayfly console web', "printf 'uname -a\\n' | mayfly console web --replay 0"],
    notes: [
      'At a terminal, Ctrl-] leaves. Where stdin is not a terminal it is sent as it is; when it ends, output goes on until nothing has come for a while (--idle), and then the command ends.',
      'Output is passed on unchanged, as a console must be: a guest can send escape sequences to your terminal. With --json nothing changes.',
    ],
  },
  log: {
    without: ['source', 'tail-bytes'],
    flags: [
      { ...option('follow', 'Go on as the log grows.'), short: 'f' },
      option('qemu', "QEMU's own messages instead of the guest's serial port."),
      option('qmp', 'The conversation with QEMU, secrets removed.'),
      option('events', 'What happened to the machine.'),
      { name: 'tail', path: ['tailBytes'], kind: 'integer', min: 1, max: 4 * 1024 * 1024, default: '65536', value: 'BYTES', description: 'How much of its end is read.' },
    ],
    examples: ['mayfly log web', 'mayfly log web --follow', 'mayfly log web --qemu'],
    notes: ['At a terminal control characters are shown as escapes such as \\x1b; into a file or a pipe the log goes unchanged.'],
  },
  screenshot: {
    without: [],
    flags: [option('force', 'Replace the file if it exists.')],
    examples: ['mayfly screenshot web screen.png', 'mayfly screenshot web - | file -'],
    notes: ['FILE - is stdout. A file that exists is kept unless --force. With --json the picture is printed as the contract carries it, and FILE may be left out.'],
  },
  exec: {
    without: ['terminal-columns', 'terminal-rows', 'terminal-type'],
    flags: [
      { ...option('tty', 'Give the command a terminal of the size of this one.'), short: 't' },
      { name: 'timeout', path: [], kind: 'duration-ms', min: 1, max: 86_400_000, description: 'With --json: how long it may take; default: 60s.' },
    ],
    examples: ['mayfly exec web -t -- sh', 'tar c src | mayfly exec web -- tar x -C /data'],
    notes: [
      'Its stdout, stderr and exit status become those of mayfly; ended by a signal, 128 and the number of the signal. SIGINT, SIGTERM, SIGHUP and SIGQUIT are passed on.',
      'With --json stdin is read to its end first, the command is run, and its whole outcome is printed at the end, cut at 4 MiB.',
    ],
  },
  run: {
    without: ['upload', 'input-of', 'attached'],
    changed: { cwd: { value: 'FOLDER' }, 'copy-out': { value: 'PATH' }, matrix: { once: true } },
    flags: [
      { name: 'copy-in', path: [], kind: 'string', repeated: true, value: 'SRC:DST', description: 'Put this file or folder of this host at that place in the guest first.' },
      { name: 'evidence', path: [], kind: 'string', value: 'DIR', refers: 'file', description: 'Keep the evidence here: stdout, stderr, times, serial log, last screen, copied files, junit.xml. {n} becomes the number of the run.' },
    ],
    examples: ['mayfly run tiny --copy-in ./src:/src --copy-out /src/report.xml --evidence out -- make -C /src test', "tar c src | mayfly run tiny -- sh -c 'tar x && sh src/test.sh'"],
    notes: [
      'A run of one command is as if it ran here: its stdin, stdout, stderr and signals pass, its exit status becomes that of mayfly; ended by a signal, 128 and the number of the signal. 124: the time was over. 126: it cannot be run. 127: the guest has no such program. 125: Mayfly itself failed.',
      'With --matrix or --count each line is preceded by which one it is of, stdin is not read, a table follows on stderr, and the exit status is 0 where all passed, else 1.',
      'The machine is deleted when the command has ended, also with Ctrl-C, and also where mayfly or the engine is killed. A matrix gives each value to the command as an environment variable.',
    ],
  },
  watch: {
    without: [],
    flags: [],
    examples: ['mayfly watch', 'mayfly watch --json | jq .type'],
    notes: ['With --json one event a line, as the contract has them, beginning with a snapshot; after a gap a new snapshot follows.'],
  },
  'image add': {
    without: [],
    flags: [],
    notes: ['A relative path is taken from the current folder.'],
  },
}

const oneRun = { name: 'run', path: [], kind: 'string', required: true, description: 'Its number, or its id.' } as const

const own: readonly Command[] = [
  {
    name: 'evidence list',
    procedure: null,
    summary: 'Lists the files a run has copied out of its guests.',
    access: 'read',
    interactive: true,
    positionals: [oneRun],
    flags: [],
    examples: ['mayfly evidence list 12'],
  },
  {
    name: 'evidence file',
    procedure: null,
    summary: 'Writes one file that a run has copied out.',
    access: 'read',
    interactive: true,
    positionals: [
      oneRun,
      { name: 'path', path: [], kind: 'string', required: true, description: 'Its path in the guest.' },
      { name: 'file', path: [], kind: 'string', refers: 'file', description: 'Where to; default: stdout.' },
    ],
    flags: [
      { name: 'cell', path: [], kind: 'integer', min: 1, max: 10_000, default: '1', description: 'Of which cell, as evidence list numbers them.' },
      option('force', 'Replace the file if it exists.'),
    ],
    examples: ['mayfly evidence file 12 /src/report.xml report.xml'],
  },
  {
    name: 'evidence save',
    procedure: null,
    summary: 'Writes all evidence of a run into a folder.',
    access: 'read',
    interactive: true,
    positionals: [oneRun, { name: 'dir', path: [], kind: 'string', required: true, refers: 'file', description: 'An empty folder, or one to be made. {n} becomes the number of the run.' }],
    flags: [],
    examples: ['mayfly evidence save 12 out/{n}'],
    notes: ['Stdout, stderr, times, serial log, last screen and copied files of each cell, and junit.xml, as mayfly run --evidence keeps them.'],
  },
  {
    name: 'serve',
    procedure: null,
    summary: 'Serves Mayfly to a browser, until Ctrl-C.',
    access: 'write',
    interactive: true,
    positionals: [],
    flags: [
      { name: 'port', path: [], kind: 'integer', min: 0, max: 65_535, default: '8006', description: 'Where it listens; 0 for any that is free. Without it, any if the usual one is taken.' },
      option('open', 'Open it in the browser.'),
      { name: 'bind', path: [], kind: 'string', value: 'ADDRESS', default: '127.0.0.1', description: 'Listen on another address. What other computers reach needs TLS and a password.' },
      { name: 'tls-cert', path: [], kind: 'string', value: 'FILE', refers: 'file', description: 'The certificate and its chain, PEM.' },
      { name: 'tls-key', path: [], kind: 'string', value: 'FILE', refers: 'file', description: "The certificate's key, PEM." },
      { name: 'host-name', path: [], kind: 'string', value: 'NAME', description: 'What other computers call this one, if not by its own name.' },
      option('set-password', 'Set the password that is asked of other computers, and end.'),
    ],
    examples: ['mayfly serve --open', 'mayfly serve --bind 0.0.0.0 --tls-cert host.pem --tls-key host.key'],
    notes: [
      'Prints an address that lets one browser in, once; at a terminal, Enter prints another. Where another process holds the engine, this serves that one.',
      'REST is under /api, described by /api/openapi.json; a request proves its session by the cookie and by the key in the header mayfly-key, both of which POST /session gives for a token.',
    ],
  },
  {
    name: 'engine run',
    procedure: null,
    summary: 'Holds the engine in the foreground until it is asked to end: for services.',
    access: 'write',
    interactive: true,
    positionals: [],
    flags: [],
    examples: [],
  },
  {
    name: 'completion',
    procedure: null,
    summary: 'Prints a completion script for a shell.',
    access: 'read',
    interactive: true,
    positionals: [{ name: 'shell', path: [], kind: 'enum', values: ['bash', 'zsh', 'fish'], required: true, description: 'The shell.' }],
    flags: [],
    examples: ['source <(mayfly completion bash)', 'mayfly completion zsh > ~/.zfunc/_mayfly', 'mayfly completion fish > ~/.config/fish/completions/mayfly.fish'],
  },
  {
    name: 'help',
    procedure: null,
    summary: 'Explains a command, or lists them all.',
    access: 'read',
    interactive: true,
    positionals: [{ name: 'command', path: [], kind: 'string', repeated: true, rest: true, description: 'The command.' }],
    flags: [],
    examples: ['mayfly help create'],
  },
]

/** The contract's commands with what the command line adds to them. */
export function withOwnCommands(commands: readonly Command[]): readonly Command[] {
  const completed = commands.map((command) => {
    const addition = additions[command.name]
    if (addition === undefined) return command
    return {
      ...command,
      flags: [...command.flags.filter(({ name }) => !addition.without.includes(name)).map((flag) => ({ ...flag, ...addition.changed?.[flag.name] })), ...addition.flags],
      examples: [...command.examples, ...(addition.examples ?? [])],
      notes: addition.notes ?? [],
    }
  })
  return [...completed, ...own]
}
