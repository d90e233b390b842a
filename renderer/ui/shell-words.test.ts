import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { shellWord } from '../../contract/shell-word.ts'
import { splitWords } from './shell-words.ts'

function shellSays(line: string): string[] {
  return execFileSync('sh', ['-c', `for word in ${line}; do printf '%s\\0' "$word"; done`], { encoding: 'utf8' }).split('\0').slice(0, -1)
}

test.each(['uname -a', `sh -c 'echo "a  b"; exit 3'`, String.raw`a\ b "c\"d" 'e\f' "g\h" "\\"`, `x"y z"'w v'`, `'' ""`, 'a\\\nb c'])('%j is split as a shell splits it', (line) => {
  expect(splitWords(line)).toEqual(shellSays(line))
})

test.each([`'a`, '"a', 'a\\'])('%j is not whole', (line) => {
  expect(splitWords(line)).toBeUndefined()
})

test.each(['plain', `it's`, '$HOME `id` \\ "x" *', '', ' ', 'é 🐝', '-x', 'a\nb'])('%j quoted is one word, and the same', (word) => {
  expect(splitWords(shellWord(word))).toEqual([word])
  expect(shellSays(shellWord(word))).toEqual([word])
})
