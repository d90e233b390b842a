import { expect, test } from 'vitest'
import { parseCombination, strokeFor } from './keys.ts'

test('combinations are keys in the order they go down', () => {
  expect(parseCombination('Ctrl + Alt+Del')?.map(({ code }) => code)).toEqual(['ControlLeft', 'AltLeft', 'Delete'])
  expect(parseCombination('ctrl+alt+F12')?.at(-1)).toEqual({ keysym: 0xffc9, code: 'F12' })
  expect(parseCombination('Super+l')?.at(-1)).toEqual({ keysym: 0x6c, code: 'KeyL' })
})

test.each(['', 'ctrl+', 'F13', 'hyper+x', 'ctrl+ab'])('%j is no combination', (text) => {
  expect(parseCombination(text)).toBeUndefined()
})

test('characters are typed as a US keyboard does', () => {
  expect(strokeFor('A')).toEqual({ key: { keysym: 65, code: 'KeyA' }, shift: true })
  expect(strokeFor('|')).toEqual({ key: { keysym: 124, code: 'Backslash' }, shift: true })
  expect(strokeFor(' ')?.shift).toBe(false)
  expect(strokeFor('ß')).toBeUndefined()
})
