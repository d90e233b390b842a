import { expect, test } from 'vitest'
import { parseCombination } from './keys.ts'

test('combinations are keys in the order they go down', () => {
  expect(parseCombination('Ctrl + Alt+Del', 'us')?.map(({ code }) => code)).toEqual(['ControlLeft', 'AltLeft', 'Delete'])
  expect(parseCombination('ctrl+alt+F12', 'us')?.at(-1)).toEqual({ keysym: 0xffc9, code: 'F12' })
  expect(parseCombination('Super+l', 'us')?.at(-1)).toEqual({ keysym: 0x6c, code: 'KeyL' })
})

test('a letter is where the guest has it', () => {
  expect((['us', 'de', 'fr'] as const).map((layout) => parseCombination('Ctrl+Z', layout)?.at(-1)?.code)).toEqual(['KeyZ', 'KeyY', 'KeyW'])
})

test.each(['', 'ctrl+', 'F13', 'hyper+x', 'ctrl+ab', 'ctrl+é'])('%j is no combination', (text) => {
  expect(parseCombination(text, 'us')).toBeUndefined()
})
