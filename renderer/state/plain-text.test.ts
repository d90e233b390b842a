import { expect, test } from 'vitest'
import { lastLines, plainText } from './plain-text.ts'

test('the last lines are those that say something, and nothing that steers a terminal', () => {
  expect(lastLines(plainText('\u001b[32m one \u001b[0m\r\n\r\n  two\r\nthree\u001b[6n\n\n'), 2)).toEqual(['  two', 'three'])
})
