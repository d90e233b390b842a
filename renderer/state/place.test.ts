import { expect, test } from 'vitest'
import { parsePlace, pathOf } from './place.ts'
import type { Place } from './place.ts'

const places: Place[] = [
  { view: 'machines' }, { view: 'machines', machine: 'abc' }, { view: 'machines', machine: 'abc', tab: 'network' }, { view: 'screen', machine: 'a/b' }, { view: 'images' }, { view: 'doctor' },
]
test.each(places)('%j has an address that leads back to it', (place) => {
  expect(parsePlace(pathOf(place))).toEqual(place)
})

test.each(['/', '', '/nowhere', '/machines/%E0%A4%A', '/screen'])('%j leads to the machines', (path) => {
  expect(parsePlace(path)).toEqual({ view: 'machines' })
})

test('a tab that does not exist is left out', () => {
  expect(parsePlace('/machines/abc/evil')).toEqual({ view: 'machines', machine: 'abc' })
})
