import { expect, test } from 'vitest'
import { keyMeaning } from './keys.ts'

const press = (key: string, code: string, ...modifiers: ('ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey')[]) => ({ key, code, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...Object.fromEntries(modifiers.map((name) => [name, true])) })

test('the window has the keys people know; in a browser those that are the browser’s are left to it', () => {
  const presses = [press('n', 'KeyN', 'ctrlKey'), press('n', 'KeyN', 'altKey'), press('2', 'Digit2', 'ctrlKey'), press('@', 'Digit2', 'altKey', 'shiftKey'), press('2', 'Digit2', 'altKey'), press('n', 'KeyN'), press('N', 'KeyN', 'ctrlKey', 'shiftKey'), press('n', 'KeyN', 'ctrlKey', 'metaKey')]
  expect(presses.map((one) => keyMeaning(one, 'desktop'))).toEqual(['new-machine', undefined, { tab: 2 }, undefined, undefined, undefined, undefined, undefined])
  expect(presses.map((one) => keyMeaning(one, 'browser'))).toEqual([undefined, 'new-machine', undefined, { tab: 2 }, undefined, undefined, undefined, undefined])
})
