import { expect, test } from 'vitest'
import { moved } from './moved.ts'

test('one entry moves and the others keep their order; beyond the ends nothing moves', () => {
  const list = ['cd0', 'disk0', 'nic0']
  expect([moved(list, 2, 0), moved(list, 0, 1), moved(list, 0, -1), moved(list, 2, 3), moved(list, 5, 0), moved(list, 1, 1)].map((order) => order.join())).toEqual(['nic0,cd0,disk0', 'disk0,cd0,nic0', 'cd0,disk0,nic0', 'cd0,disk0,nic0', 'cd0,disk0,nic0', 'cd0,disk0,nic0'])
})
