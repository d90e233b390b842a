import { expect, test } from 'vitest'
import type { MachineId } from '../../contract/ids.ts'
import { ImageUsers } from './image-users.ts'

const web = 'abcdefghijkl' as MachineId

test('images are told of when a machine comes, takes another, is renamed and goes; not when nothing of it changed', () => {
  const users = new ImageUsers()
  const told = [
    users.note(web, { name: 'web', images: ['one'] }),
    users.note(web, { name: 'web', images: ['one'] }),
    users.note(web, { name: 'web', images: ['one', 'two'] }),
    users.note(web, { name: 'shop', images: ['one', 'two'] }),
    users.note(web, { name: 'shop', images: ['two'] }),
    users.note(web, null),
    users.note(web, null),
  ]
  expect(told).toEqual([['one'], [], ['one', 'two'], ['one', 'two'], ['one', 'two'], ['two'], []])
})
