import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MachineMetrics } from '../../contract/metrics.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  await home.bootTiny(client, 'busy', { memoryMiB: 256 })
}, 300_000)
afterAll(() => home.close())

/** The first sample of the machine that satisfies `wanted`. */
async function sampleWhere(wanted: (sample: MachineMetrics) => boolean): Promise<MachineMetrics> {
  for await (const { machines } of await client.metrics.watch({})) {
    const found = machines.find(wanted)
    if (found !== undefined) return found
  }
  throw new Error('The samples ended.')
}

test('work in the guest is seen: processor, disk, network and memory', async () => {
  await home.sh(client, 'busy', '(while true; do head -c 4194304 /dev/zero > /data/work; sync; wget -q -O /dev/null http://10.0.2.2:1/ ; done) > /dev/null 2>&1 &')
  const working = await sampleWhere((sample) => (sample.cpu ?? 0) > 0.3 && (sample.diskWriteBytesPerSecond ?? 0) > 100_000 && (sample.networkOutBytesPerSecond ?? 0) > 0 && sample.guestMemoryBytes !== null)
  expect(working.residentBytes).toBeGreaterThan(working.guestMemoryBytes ?? Number.POSITIVE_INFINITY)
  expect(working.guestMemoryBytes).toBeLessThan(256 * 1024 * 1024)
})

test('a guest that stands still uses no processor, and its past is kept', async () => {
  await client.machine.pause({ machine: 'busy' })
  const still = await sampleWhere((sample) => sample.cpu !== null && sample.cpu < 0.05)
  expect(still.networkInBytesPerSecond).toBeNull()
  expect((await client.metrics.history({ machine: 'busy' })).some((entry) => (entry.cpu ?? 0) > 0.3)).toBe(true)
})

test('a machine that is off is not measured', async () => {
  await client.machine.stop({ machine: 'busy', force: true })
  for await (const { machines } of await client.metrics.watch({})) {
    expect(machines).toEqual([])
    break
  }
})
