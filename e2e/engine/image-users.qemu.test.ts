/** Who uses an image is told as it changes, to whoever only listens. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { makeIso } from '../../engine/images/image-files.fixture.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  home = await TestHome.make()
  client = await home.open()
})
afterAll(() => home.close())

test('an image tells its users anew when machines come, take its disc out, are renamed and go', async () => {
  const file = join(home.root, 'disc.iso')
  await writeFile(file, makeIso('users'))
  const job = await client.job.wait({ job: (await client.image.add({ file })).id })
  expect(job.error).toBeNull()
  const events = await client.events.watch({})
  /** The users that the next event about an image tells. */
  const nextUsers = async (): Promise<readonly string[]> => {
    for (;;) {
      const next = await events.next()
      if (next.done === true) throw new Error('The events ended.')
      if (next.value.type === 'image.changed') return next.value.image.usedBy
    }
  }
  const told: (readonly string[])[] = []
  await client.machine.create({ name: 'reader', image: 'disc.iso' })
  told.push(await nextUsers())
  await client.machine.rename({ machine: 'reader', name: 'player' })
  told.push(await nextUsers())
  await client.cdrom.eject({ machine: 'player' })
  told.push(await nextUsers())
  await client.cdrom.insert({ machine: 'player', image: 'disc.iso' })
  told.push(await nextUsers())
  await client.machine.delete({ machine: 'player' })
  told.push(await nextUsers())
  expect(told).toEqual([['reader'], ['player'], [], ['player'], []])
})
