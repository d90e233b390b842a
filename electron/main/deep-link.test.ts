import { expect, test } from 'vitest'
import { findDeepLink, parseDeepLink } from './deep-link.ts'

test('a link to a machine shows it', () => {
  expect(parseDeepLink('mayfly://machine/abcdefghijkl')).toEqual({ kind: 'show-machine', machine: 'abcdefghijkl' })
  expect(findDeepLink(['/usr/bin/mayfly', '--flag', 'mayfly://machine/abcdefghijkl/'])).toEqual({ kind: 'show-machine', machine: 'abcdefghijkl' })
})

test.each(['', 'mayfly:', 'mayfly://machine/', 'mayfly://machine/../settings', 'mayfly://machine/abcdefghijkl?x', 'mayfly://machine/ABCDEFGHIJKL', 'mayfly://delete/abcdefghijkl', 'https://machine/abcdefghijkl', 'mayfly://machine/abcdefghijkl\n--x', 'mayfly://machine/1bcdefghijkl'])('%j is no link of ours', (text) => {
  expect(parseDeepLink(text)).toBeUndefined()
})
