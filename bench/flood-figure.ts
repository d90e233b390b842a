/** A guest that writes to its serial port as fast as it can, and what becomes of the engine's answers. */
import type { Bench } from './bench.ts'
import { median } from './figure.ts'
import type { Measured } from './figure.ts'
import { bootingMachine } from './fleet.ts'

const floodSeconds = 8

/** How long the smallest call takes at its slowest hundredth meanwhile: an upper bound of the engine's event-loop delay. */
export async function measureFlood(bench: Bench): Promise<Measured> {
  const client = await bench.home.client()
  const { id: machine } = await bootingMachine(bench)
  await client.machine.start({ machine })
  try {
    await client.machine.wait({ machine, for: 'agent', timeoutMs: 90_000 })
    const callMs = async (forMs: number): Promise<number[]> => {
      const calls: number[] = []
      for (const until = performance.now() + forMs; performance.now() < until; ) {
        const begun = performance.now()
        await client.engine.info({})
        calls.push(performance.now() - begun)
      }
      return calls
    }
    const calm = await callMs(2000)
    const flooding = client.guest.run({ machine, argv: ['sh', '-c', `timeout ${floodSeconds} yes 'the guest floods its serial port' > /dev/ttyS0; true`], timeoutMs: 60_000 })
    const busy = await callMs((floodSeconds - 1) * 1000)
    await flooding
    const p99 = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN
    return { value: p99(busy), samples: { calmP99Ms: [p99(calm)], floodP99Ms: [p99(busy)] }, beside: { calmMedianMs: median(calm), floodMedianMs: median(busy), slowestMs: Math.max(...busy), calls: busy.length } }
  } finally {
    await client.machine.stop({ machine, force: true })
  }
}
