import { expect, test } from 'vitest'
import { cutMiddle } from './cut-middle.ts'

const within = (most: number) => (candidate: string): boolean => Array.from(candidate).length <= most

test('a name that fits stays whole, a longer one keeps its beginning and more of its ending', () => {
  expect(cutMiddle('web', within(8))).toBe('web')
  expect(cutMiddle('windows-acceptance-before-update', within(24))).toBe('windows-…e-before-update')
  expect(cutMiddle('windows-acceptance-after-update', within(24))).toBe('windows-…ce-after-update')
})

test('nothing is cut through the middle of a character, nor stands beside a gap', () => {
  expect(cutMiddle('🦋🦋🦋🦋🦋🦋🦋🦋', within(5))).toBe('🦋…🦋🦋🦋')
  expect(cutMiddle('one two three four five', within(12))).toBe('one…our five')
})

test('where there is no room at all, something is shown', () => {
  expect(cutMiddle('a long name', () => false)).toBe('…me')
})
