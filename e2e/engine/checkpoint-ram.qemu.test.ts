/** Checkpoints with RAM: a guest goes on where it was, again and again, and its disks are of the same moment. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Job } from '../../contract/job.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
}, 300_000)
afterAll(() => home.close())

const done = (begun: Promise<Job>): Promise<string> => home.done(client, begun)

/** Writes a word into RAM and onto the disk, at once. */
const mark = (word: string): Promise<string> => home.sh(client, 'alpha', `echo ${word} > /run/mark; echo ${word} > /data/mark; sync`)
const marks = async (): Promise<string[]> => (await home.sh(client, 'alpha', 'cat /run/mark /data/mark')).trim().split('\n')
const sizes = async (label: string): Promise<number> => {
  const { sizes: { ownRamBytes } } = await client.checkpoint.show({ machine: 'alpha', checkpoint: label })
  return ownRamBytes
}

test('a running guest is taken back, and goes on where it was', async () => {
  await home.bootTiny(client, 'alpha')
  await home.sh(client, 'alpha', 'mkdir -p /run; head -c 20000000 /dev/urandom > /run/random; md5sum /run/random > /run/sum; (i=0; while :; do i=$((i+1)); echo $i > /run/count; usleep 50000; done) > /dev/null 2>&1 &')
  await mark('one')
  expect(await done(client.checkpoint.take({ machine: 'alpha', label: 'one' }))).toMatch(/disks and RAM of alpha\. Its guest stood still for \d+ ms/)
  const countAtOne = Number(await home.sh(client, 'alpha', 'cat /run/count'))
  await mark('two')
  await done(client.checkpoint.take({ machine: 'alpha', label: 'two' }))
  await mark('three')
  await home.sh(client, 'alpha', 'rm /run/random')
  await done(client.checkpoint.restore({ machine: 'alpha', checkpoint: 'one' }))
  expect((await client.machine.show({ machine: 'alpha' })).state).toBe('running')
  expect(await marks()).toEqual(['one', 'one'])
  expect(await home.sh(client, 'alpha', 'md5sum -c /run/sum')).toContain('OK')
  expect(Number(await home.sh(client, 'alpha', 'cat /run/count'))).toBeGreaterThan(0)
  await client.machine.wait({ machine: 'alpha', for: 'agent' })
  const later = Number(await home.sh(client, 'alpha', 'usleep 300000; cat /run/count'))
  expect(later).toBeGreaterThan(countAtOne - 40)
  expect((await client.checkpoint.list({ machine: 'alpha' })).checkpoints.map(({ label, kind, ramRefused, broken }) => ({ label, kind, ramRefused, broken }))).toEqual([
    { label: 'one', kind: 'ram', ramRefused: null, broken: null },
    { label: 'two', kind: 'ram', ramRefused: null, broken: null },
  ])
})

test('a restored machine is saved again for what has changed, and each point is still what it was', async () => {
  await mark('four')
  await done(client.checkpoint.branch({ machine: 'alpha', checkpoint: 'two', presentLabel: 'four' }))
  expect(await marks()).toEqual(['two', 'two'])
  await done(client.checkpoint.restore({ machine: 'alpha', checkpoint: 'four' }))
  expect(await marks()).toEqual(['four', 'four'])
  expect(await home.sh(client, 'alpha', 'md5sum -c /run/sum')).toContain('OK')
  // Only the pages that changed are written.
  expect(await sizes('four')).toBeLessThan(60 * 1024 * 1024)
  await client.machine.stop({ machine: 'alpha', force: true })
  await done(client.checkpoint.restore({ machine: 'alpha', checkpoint: 'one' }))
  expect(await marks()).toEqual(['one', 'one'])
})

test('the disks of a point with RAM can be had alone, and it can be deleted while others stand on its RAM', async () => {
  await done(client.checkpoint.delete({ machine: 'alpha', checkpoint: 'one' }))
  await done(client.checkpoint.restore({ machine: 'alpha', checkpoint: 'two' }))
  expect(await marks()).toEqual(['two', 'two'])
  await done(client.checkpoint.restore({ machine: 'alpha', checkpoint: 'four', what: 'disks' }))
  expect((await client.machine.show({ machine: 'alpha' })).state).toBe('stopped')
  await client.machine.start({ machine: 'alpha' })
  await home.ready(client, 'alpha')
  expect(await home.sh(client, 'alpha', 'cat /data/mark')).toBe('four\n')
  expect(home.bugs).toEqual([])
})
