import { expect, test } from 'vitest'
import { parsePlace, pathOf } from './place.ts'
import type { Place } from './place.ts'

const places: Place[] = [
  { view: 'machines' }, { view: 'machines', machine: 'abc' }, { view: 'machines', machine: 'abc', tab: 'network' }, { view: 'screen', machine: 'a/b' }, { view: 'images' }, { view: 'doctor' },
  { view: 'grid' }, { view: 'grid', of: 'marked' }, { view: 'grid', of: 'forks', id: 'abc' }, { view: 'runs' }, { view: 'runs', run: 'new' }, { view: 'templates' }, { view: 'machines', machine: 'abc', tab: 'timeline' }, { view: 'settings' }, { view: 'settings', section: 'trash' },
]
test.each(places)('%j has an address that leads back to it', (place) => {
  expect(parsePlace(pathOf(place))).toEqual(place)
})

test.each(['/', '', '/nowhere', '/machines/%E0%A4%A', '/screen'])('%j leads to the machines', (path) => {
  expect(parsePlace(path)).toEqual({ view: 'machines' })
})

test.each(['/grid/evil/abc', '/grid/forks'])('%j leads to the grid of all', (path) => {
  expect(parsePlace(path)).toEqual({ view: 'grid' })
})

test('a tab that does not exist is left out', () => {
  expect(parsePlace('/machines/abc/evil')).toEqual({ view: 'machines', machine: 'abc' })
})
