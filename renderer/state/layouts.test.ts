import { expect, test } from 'vitest'
import { layoutNames, strokesFor } from './layouts.ts'
import type { LayoutName } from './layouts.ts'

/** `shift+KeyY` for each press. */
function typed(character: string, layout: LayoutName): string | undefined {
  return strokesFor(character, layout)?.map(({ key, shift, altGr }) => `${shift ? 'shift+' : ''}${altGr ? 'altgr+' : ''}${key.code}`).join(' ')
}

test.each(layoutNames)('a %s keyboard types every character of ASCII, each in its own way', (layout) => {
  const ascii = [...Array.from({ length: 95 }, (_, index) => String.fromCodePoint(32 + index)), '\n', '\t']
  const ways = ascii.map((character) => typed(character, layout))
  expect(ascii.filter((_, index) => ways[index] === undefined)).toEqual([])
  expect(new Set(ways).size).toBe(ascii.length)
})

test.each<[LayoutName, Record<string, string>]>([
  ['us', { z: 'KeyZ', '@': 'shift+Digit2', '|': 'shift+Backslash' }],
  ['uk', { '"': 'shift+Digit2', '£': 'shift+Digit3', '€': 'altgr+Digit4', '\\': 'IntlBackslash', '#': 'Backslash' }],
  ['de', { z: 'KeyY', Y: 'shift+KeyZ', ä: 'Quote', Ü: 'shift+BracketLeft', ß: 'Minus', '@': 'altgr+KeyQ', '€': 'altgr+KeyE', '\\': 'altgr+Minus', '^': 'Backquote Space', é: 'Equal KeyE', è: 'shift+Equal KeyE', '/': 'shift+Digit7' }],
  ['fr', { a: 'KeyQ', '1': 'shift+Digit1', é: 'Digit2', ê: 'BracketLeft KeyE', Ï: 'shift+BracketLeft shift+KeyI', '@': 'altgr+Digit0', '.': 'shift+Comma' }],
  ['es', { ñ: 'Semicolon', á: 'Quote KeyA', Ü: 'shift+Quote shift+KeyU', '¿': 'shift+Equal', '[': 'altgr+BracketLeft', '`': 'BracketLeft Space' }],
])('on a %s keyboard', (layout, ways) => {
  expect(Object.fromEntries(Object.keys(ways).map((character) => [character, typed(character, layout)]))).toEqual(ways)
})

test('what a keyboard lacks is said, not guessed', () => {
  expect([typed('ß', 'us'), typed('É', 'fr'), typed('ж', 'de'), typed('é', 'uk'), typed('😀', 'es')]).toEqual([undefined, undefined, undefined, undefined, undefined])
})
