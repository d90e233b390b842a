import { expect, test } from 'vitest'
import { parseCommandLine } from '../../../hosts/cli/command-line.ts'
import { commands } from '../../../hosts/cli/run.ts'
import { machineVerbs } from '../../state/machine-verb.ts'
import { splitWords } from '../../ui/shell-words.ts'
import { actionCommand, wholeNumber } from './action-command.ts'
import type { OptionValues } from './action-command.ts'

/** What mayfly makes of a line: the command's name and its input. */
function meaning(line: string): readonly [string, unknown] {
  const [program, ...words] = splitWords(line) ?? []
  const parsed = parseCommandLine(words, commands)
  if (program !== 'mayfly' || parsed.kind !== 'call') throw new Error(`${line} is a ${parsed.kind}.`)
  return [parsed.command.name, parsed.input]
}

const given: Readonly<Partial<Record<string, readonly [OptionValues, readonly [string, unknown]]>>> = {
  shutDown: [{ timeoutSeconds: '30' }, ['stop', { machine: 'web', timeoutSeconds: 30 }]],
  restart: [{ timeoutSeconds: '30' }, ['restart', { machine: 'web', timeoutSeconds: 30 }]],
  checkpoint: [{ label: 'before it\'s changed' }, ['checkpoint take', { machine: 'web', label: 'before it\'s changed' }]],
  fork: [{ count: '12', name: 'test-{n}', throwaway: 'yes' }, ['fork', { machine: 'web', count: 12, name: 'test-{n}', throwaway: true }]],
  clone: [{ name: 'web copy' }, ['clone', { machine: 'web', name: 'web copy' }]],
  rename: [{ name: '-x' }, ['rename', { machine: 'web', name: '-x' }]],
}

test.each([...machineVerbs, 'rename'] as const)('the line of %s is one that mayfly reads as meant', (verb) => {
  const [values, told] = given[verb] ?? [{}, undefined]
  const [command, input] = meaning(actionCommand(verb, 'web', values))
  expect(input).toMatchObject({ machine: 'web' })
  if (told !== undefined) expect([command, input]).toEqual(told)
})

test('a name that looks like a flag stays a name', () => {
  expect(meaning(actionCommand('switchOff', '--force'))).toEqual(['stop', { machine: '--force', force: true }])
})

test('a count is a whole number above zero', () => {
  expect(['3', ' 12 ', '0', '-1', '1.5', 'many', '', undefined].map(wholeNumber)).toEqual([3, 12, undefined, undefined, undefined, undefined, undefined, undefined])
})
