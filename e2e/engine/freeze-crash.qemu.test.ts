/**
 * The engine is killed while the RAM library is in the middle of a freeze, which goes on without it: the next engine
 * lets the guest go on only when the library has ended, so nothing of what the guest then writes is replaced by a copy of before.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { findQemu } from '../../engine/qemu/capabilities/find-qemu.ts'
import { RamDawdler } from '../../engine/qemu/process/ram-dawdler.fixture.ts'
import { until } from '../conformance/until.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient
let dawdler: RamDawdler

beforeAll(async () => {
  home = await TestHome.make()
  // Longer than an engine takes to come and to let a guest go on.
  dawdler = await RamDawdler.build(home.root, 'qemu-system-x86_64', (await findQemu()).binary, 8)
  home.env['MAYFLY_QEMU'] = dawdler.program
  client = await home.openDetached()
  await home.buildTiny(client)
  await home.bootTiny(client, 'alpha', { memoryMiB: 192 })
}, 300_000)
afterAll(() => home.close())

/** It says itself whether its memory was ever of another moment. */
const proof = `i=0; while :; do i=$((i+1)); echo $i > /run/counter; [ "$(cat /run/counter)" = $i ] || echo "turn $i" >> /run/broken; done`
const counter = async (): Promise<number> => Number(await home.sh(client, 'alpha', 'cat /run/counter'))
const broken = async (): Promise<string> => (await home.sh(client, 'alpha', 'md5sum -c -s /run/sum || echo memory differs; cat /run/broken 2>/dev/null || true')).trim()

test('a freeze that its engine did not live to end', async () => {
  await home.sh(client, 'alpha', `mkdir -p /run; head -c 20000000 /dev/urandom > /run/block; md5sum /run/block > /run/sum; (${proof}) > /dev/null 2>&1 < /dev/null &`)
  await home.done(client, client.checkpoint.take({ machine: 'alpha', label: 'first', what: 'ram' }))
  await home.sh(client, 'alpha', 'head -c 8000000 /dev/urandom > /run/later; md5sum /run/later >> /run/sum')
  const before = await counter()
  await dawdler.arm()
  const taking = client.checkpoint.take({ machine: 'alpha', label: 'second', what: 'ram' }).catch(() => undefined)
  await until(() => dawdler.isDawdling, 'the library is in the middle of a freeze', 30_000)
  await home.killEngine(client)
  await taking

  client = await home.openDetached()
  await until(async () => (await client.machine.show({ machine: 'alpha' })).state === 'running', 'it goes on', 30_000)
  expect(dawdler.isDone).toBe(true)
  await until(async () => (await counter()) > before + 20, 'the guest counts on', 60_000)
  expect(await broken()).toBe('')
  expect((await client.checkpoint.list({ machine: 'alpha' })).checkpoints.map(({ label }) => label)).toEqual(['first'])
  await home.done(client, client.checkpoint.take({ machine: 'alpha', label: 'third', what: 'ram' }))
  await home.done(client, client.checkpoint.restore({ machine: 'alpha', checkpoint: 'third' }))
  expect(await broken()).toBe('')
})
