import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { createRequestSchema } from '../../../contract/procedures/machine.ts'
import type { CreateRequest } from '../../../contract/procedures/machine.ts'
import { parseCommandLine } from '../../../hosts/cli/command-line.ts'
import { commands } from '../../../hosts/cli/run.ts'
import { commandText, createCommand } from './create-command.ts'

const full = createRequestSchema.parse({
  name: 'web', image: 'abcdefghijkl', profile: 'compatible', cpus: 4, memoryMiB: 1536, diskMiB: 40_960, display: 'std', firmware: 'uefi', secureBoot: true, tpm: true,
  forwards: [{ hostPort: 2222, guestPort: 22 }, { protocol: 'udp', hostAddress: '0.0.0.0', hostPort: 5353, guestPort: 53 }], start: true,
})
const cases: readonly (readonly [string, CreateRequest, string])[] = [
  ['everything', full, 'debian-13.iso'],
  ['a name with everything a shell reads', { ...full, name: `it's "$HOME" \`id\` \\ ! * ; & | é 🐝`, start: false }, `a 'b' $c`],
  ['what begins with dashes', { ...full, name: '--start', forwards: undefined }, '--image'],
  ['a size no unit divides', { ...full, memoryMiB: 1000, diskMiB: 1025, secureBoot: undefined, tpm: undefined }, '-'],
  ['a dash alone', { ...full, name: '-h', start: false }, 'tiny'],
  ['a throwaway', { ...full, throwaway: true }, 'tiny'],
]

/** Words as a real shell hands them over. */
function wordsOf(line: string): string[] {
  return execFileSync('sh', ['-c', `mayfly() { printf '%s\\0' "$@"; }\n${line}`], { encoding: 'utf8' }).split('\0').slice(0, -1)
}

test.each(cases)('the line means the same to mayfly as the request: %s', (_, request, imageName) => {
  const parsed = parseCommandLine(wordsOf(commandText(createCommand(request, { imageName, buildsTiny: false }))), commands)
  if (parsed.kind !== 'call') throw new Error(`A ${parsed.kind} is not a call.`)
  expect(parsed.command.name).toBe('create')
  expect(createRequestSchema.parse(parsed.input)).toEqual(createRequestSchema.parse({ ...request, image: imageName }))
})

test('an image that is missing is built first', () => {
  const request = createRequestSchema.parse({ name: 'web', cpus: 4, memoryMiB: 1536, diskMiB: 40_960, start: true })
  expect(commandText(createCommand(request, { imageName: 'tiny', buildsTiny: true }))).toBe('  mayfly image build tiny && \\\nmayfly create web \\\n  --image tiny --cpus 4 \\\n  --memory 1.5GiB --disk 40GiB \\\n  --start'.trimStart())
})
