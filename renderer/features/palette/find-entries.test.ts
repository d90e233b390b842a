import { expect, test } from 'vitest'
import { findEntries } from './find-entries.ts'
import type { PaletteEntry } from './find-entries.ts'

const entries: PaletteEntry[] = ['Go to web', 'Start web', 'Start shop-2', 'Restart doctor', 'Delete web'].map((label) => ({ key: label, group: label.startsWith('Go') ? 'goTo' : 'do', label, fact: label.endsWith('web') ? 'running' : '', icon: null, run: () => undefined }))
const labels = (query: string): string[] => findEntries(entries, query, 10).map(({ label }) => label)

test('words are found in any order', () => {
  expect(labels('web sta')).toEqual(['Start web'])
  expect(labels('sta web')).toEqual(['Start web'])
})

test('beginnings of words come before their middles', () => {
  expect(labels('start')).toEqual(['Start web', 'Start shop-2', 'Restart doctor'])
})

test('what is no letter of a pattern is taken as it is', () => {
  expect(labels('shop-2(')).toEqual([])
  expect(labels('SHOP-2')).toEqual(['Start shop-2'])
})

test('facts are found too, and nothing asks for everything', () => {
  expect(labels('running delete')).toEqual(['Delete web'])
  expect(labels('')).toHaveLength(entries.length)
})
