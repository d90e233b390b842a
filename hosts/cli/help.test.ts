import { expect, test } from 'vitest'
import { commandGroups, helpText } from './help.ts'
import { commands } from './run.ts'

test('every command has help, examples aside within eighty columns', () => {
  const topics = [null, ...commands.map(({ name }) => name), 'image', 'trash', 'disk', 'cd', 'nic', 'forward', 'job', 'engine', 'guest']
  const tooWide = topics.flatMap((topic) => helpText(topic, commands).split('Examples:')[0]?.split('\n').filter((line) => line.length > 80) ?? [])
  expect(tooWide).toEqual([])
})

test('no command is left out of the overview, and each says what it does', () => {
  expect(commandGroups(commands).flatMap((group) => group.commands.map(({ name }) => name)).toSorted()).toEqual(commands.map(({ name }) => name).toSorted())
  expect(commands.filter(({ summary }) => !/^[A-Z].*\.$/.test(summary)).map(({ name }) => name)).toEqual([])
})

test('help of one command', () => {
  expect(helpText('wait', commands)).toMatchInlineSnapshot(`
    "Answers when a machine has become what is waited for.

    Usage: mayfly wait MACHINE --for TEXT [FLAGS]

      MACHINE  Name, id, or beginning of an id.

    Flags:
          --for TEXT      running, stopped, agent, or serial:TEXT.
          --timeout TIME  How long to wait. Default: 60s.

    Examples:
      mayfly wait web --for agent --timeout 60s

    Flags of every command: mayfly --help
    "
  `)
})

test('help of a group', () => {
  expect(helpText('trash', commands)).toMatchInlineSnapshot(`
    "  mayfly trash list             Lists the machines in the trash.
      mayfly trash restore MACHINE  Takes a machine out of the trash.
      mayfly trash empty [MACHINE]  Deletes what is in the trash for good.

    More about one: mayfly help trash COMMAND
    "
  `)
})
