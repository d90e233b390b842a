/** What the window costs, measured in a real Chromium on real machines. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { nativeFolder } from '../engine/native.ts'
import { openWindow } from './bench-window.ts'
import type { BenchWindow } from './bench-window.ts'
import type { Bench } from './bench.ts'
import { median } from './figure.ts'
import type { Measured } from './figure.ts'
import { bootingMachine, makeFleet } from './fleet.ts'

const scrollFrames = 240
const heapRounds = { few: 10, many: 100 } as const
const floodSeconds = 8
const idleMs = 10_000

async function inWindow<T>(bench: Bench, measure: (window: BenchWindow) => Promise<T>): Promise<T> {
  const window = await openWindow(bench)
  try {
    return await measure(window)
  } finally {
    await window.close()
  }
}

/** All scripts that were there when something was first painted, as a server would send them compressed. */
export async function measureScripts(bench: Bench): Promise<Measured> {
  await bootingMachine(bench)
  return inWindow(bench, async ({ page }) => {
    await page.reload()
    await page.getByRole('listbox', { name: 'Machines' }).waitFor()
    const names = (await page.evaluate(`(() => {
      const painted = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity
      return performance.getEntriesByType('resource').filter(({ name, startTime }) => name.endsWith('.js') && startTime <= painted).map(({ name }) => new URL(name).pathname)
    })()`)) as string[]
    const bytes = names.map((name) => gzipSync(readFileSync(join(nativeFolder(), '..', 'renderer', name))).length)
    return { value: bytes.reduce((sum, size) => sum + size, 0) / 1000, samples: { fileBytes: bytes }, beside: { files: bytes.length } }
  })
}

/** The list of five hundred is scrolled through, then searched letter by letter; between two frames nothing may take long. */
export async function measureScroll(bench: Bench): Promise<Measured> {
  await makeFleet(bench)
  return inWindow(bench, async ({ page }) => {
    const list = page.getByRole('listbox', { name: 'Machines' })
    await list.getByRole('option').first().waitFor()
    const frames = (begin: string): Promise<number[]> =>
      page.evaluate(`new Promise((resolve) => {
        const list = document.querySelector('[role=listbox]')
        const frames = []
        let last
        const frame = (now) => {
          if (last !== undefined) frames.push(now - last)
          last = now
          ${begin}
          if (frames.length < ${scrollFrames}) requestAnimationFrame(frame)
          else resolve(frames)
        }
        requestAnimationFrame(frame)
      })`)
    const scrolled = await frames(`list.scrollTop = (list.scrollTop + 48) % (list.scrollHeight - list.clientHeight)`)
    const search = page.getByRole('textbox', { name: /^Search names/ })
    await search.focus()
    const [filtered] = await Promise.all([frames(''), page.keyboard.type('rests-01 ', { delay: 120 }).then(() => search.fill('')).then(() => page.keyboard.type('runs-00', { delay: 120 }))])
    const perSecond = (deltas: readonly number[]): number => (1000 * deltas.length) / deltas.reduce((sum, delta) => sum + delta, 0)
    return {
      value: (1000 * 2) / (perSecond(scrolled) + perSecond(filtered)),
      samples: { scrollMs: scrolled, filterMs: filtered },
      beside: { scrollFps: perSecond(scrolled), filterFps: perSecond(filtered), slowestScrollMs: Math.max(...scrolled), slowestFilterMs: Math.max(...filtered) },
    }
  })
}

/** The heap of the page after its consoles were opened and closed a hundred times, against after ten. */
export async function measureHeap(bench: Bench): Promise<Measured> {
  const client = await bench.home.client()
  const { id: machine } = await bootingMachine(bench)
  await client.machine.start({ machine })
  try {
    await client.machine.wait({ machine, for: 'serial:MAYFLY READY', timeoutMs: 90_000 })
    return await inWindow(bench, async ({ page, debug }) => {
      await page.evaluate(`history.pushState(null, '', '/machines/${machine}/overview'); window.dispatchEvent(new PopStateEvent('popstate'))`)
      const used: number[] = []
      const heapMB = async (): Promise<number> => {
        for (let times = 0; times < 3; times++) await debug.send('HeapProfiler.collectGarbage')
        return (await debug.send('Runtime.getHeapUsage')).usedSize / 1e6
      }
      for (let round = 1; round <= heapRounds.many; round++) {
        await page.getByRole('tab', { name: 'Console' }).click()
        await page.getByRole('region', { name: /^Screen of/ }).locator('canvas').waitFor()
        await page.getByRole('tab', { name: 'Overview' }).click()
        await page.getByRole('region', { name: /^Screen of/ }).waitFor({ state: 'detached' })
        if (round % 10 === 0) used.push(await heapMB())
        if (round % 50 === 0) bench.say(`heap: ${round} of ${heapRounds.many}`)
      }
      const [few = Number.NaN] = used
      const many = used.at(-1) ?? Number.NaN
      return { value: many / few, samples: { usedMB: used }, beside: { afterTenMB: few, afterHundredMB: many } }
    })
  } finally {
    await client.machine.stop({ machine, force: true })
  }
}

/** How long the smallest call takes, at its slowest hundredth, while a guest writes as fast as it can: an upper bound of the engine's event-loop delay. */
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

/** Percent of one core that the engine, the server and the browser take while nobody does anything; machines are there, their own CPUs stand still. */
export async function measureIdle(bench: Bench): Promise<Measured> {
  await makeFleet(bench)
  return inWindow(bench, async (window) => {
    const { page } = window
    await page.getByRole('listbox', { name: 'Machines' }).getByRole('option').first().waitFor()
    const shares: number[] = []
    // The first span has the rest of the start in it.
    for (let span = 0; span < 3; span++) {
      const [before, begun] = [await window.cpuSeconds(), performance.now()]
      await new Promise((resolve) => setTimeout(resolve, idleMs))
      shares.push(((await window.cpuSeconds() - before) / ((performance.now() - begun) / 1000)) * 100)
    }
    return { value: median(shares.slice(1)), samples: { percent: shares } }
  })
}
