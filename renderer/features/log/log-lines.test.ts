import { expect, test } from 'vitest'
import { addText, noLines } from './log-lines.ts'

test('lines go on where they broke off', () => {
  const first = addText(noLines, 'one\ntw', 10)
  expect(first).toEqual({ lines: ['one', 'tw'], open: true })
  expect(addText(first, 'o\r\nthree\r\n', 10)).toEqual({ lines: ['one', 'two', 'three'], open: false })
})

test('only the last lines are kept', () => {
  expect(addText(noLines, 'a\nb\nc\nd\n', 2).lines).toEqual(['c', 'd'])
})

test('what would steer a terminal is left out', () => {
  expect(addText(noLines, '\u001b[31mred\u001b[0m \u001b]0;title\u0007plain\u0008\u001b[2J\n<b>bold</b>\n', 10).lines).toEqual(['red plain', '<b>bold</b>'])
})
