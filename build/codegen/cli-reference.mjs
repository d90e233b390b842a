/** `docs/cli.md`: every command of the command line, from the same data as its help. */

/** @typedef {import('../../hosts/cli/manifest.ts').Command} Command */
/** @typedef {import('../../hosts/cli/manifest.ts').Flag} Flag */

/**
 * How the command line itself puts things, from hosts/cli/help.ts.
 * @typedef {object} Words
 * @property {(command: Command) => string} usage
 * @property {(flag: Flag) => string} flagShown
 * @property {(flag: import('../../hosts/cli/manifest.ts').Field) => string} describe
 * @property {(commands: readonly Command[]) => readonly { title: string, commands: readonly Command[] }[]} groups
 */

/** @param {string} text */
const cell = (text) => text.replaceAll('|', String.raw`\|`)

/**
 * @param {string} made
 * @param {readonly Command[]} commands
 * @param {readonly Flag[]} globals
 * @param {Record<string, number>} statuses
 * @param {Words} words
 */
export function cliReference(made, commands, globals, statuses, words) {
  const lines = [`<!-- ${made} -->`, '# The command line', '', 'Everything the window does, `mayfly` does too. Machines and images are named by name, id, or an unambiguous beginning of an id; put `--` before a name that begins with a dash.', '']
  lines.push('`--json` prints what the engine answered, unchanged, on stdout; an error is `{"error":{"code","message","details"}}` on stderr. Sizes: `512MiB`, `1.5GiB`, `1024` (MiB). Times: `60s`, `5m`, `1500ms`.', '')
  for (const { title, commands: group } of words.groups(commands)) {
    lines.push(`## ${title}`, '')
    for (const command of group) {
      lines.push(`### mayfly ${command.name}`, '', command.summary, '', '```', words.usage(command), '```', '')
      const fields = [...command.positionals.filter(({ description }) => description !== '').map((place) => [`\`${place.name.toUpperCase()}\``, words.describe(place)]), ...command.flags.map((flag) => [`\`${words.flagShown(flag)}\``, words.describe(flag)])]
      if (fields.length > 0) lines.push('| | |', '|---|---|', ...fields.map(([name = '', text = '']) => `| ${cell(name)} | ${cell(text)} |`), '')
      for (const note of command.notes ?? []) lines.push(note, '')
      if (command.examples.length > 0) lines.push('```sh', ...command.examples, '```', '')
    }
  }
  lines.push('## Flags of every command', '', '| | |', '|---|---|', ...globals.map((flag) => `| \`${words.flagShown(flag)}\` | ${cell(words.describe(flag))} |`), '')
  lines.push('## Exit status', '', '| status | meaning |', '|---|---|', '| 0 | done |')
  for (const [code, status] of Object.entries(statuses).sort((a, b) => a[1] - b[1])) lines.push(`| ${status} | ${code} |`)
  lines.push('| 130 | ended by Ctrl-C |', '', '`mayfly exec` ends with the status of the command it ran.', '')
  return lines.join('\n')
}
