/** What the page weighs: the scripts before it paints, its heap after a day of consoles, and what it costs when nobody does anything. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { CDPSession } from 'playwright-core'
import type { Bench } from './bench.ts'
import { appFolder, goTo, windowHosts } from './bench-window.ts'
import { median } from './figure.ts'
import type { Measured } from './figure.ts'
import { bootingMachine, withIdleGuests } from './fleet.ts'
import { inEachHost, inWindow } from './in-window.ts'

const heapRounds = { few: 10, many: 100 } as const
/** Turns of tabs without a console before those that count, so that what every tab runs is machine code by then. */
const heapWarmUps = 100
const showsWithinMs = 30_000
const idleMachines = 10
const idleSpans = 4
const idleMs = 8000

/** All scripts that were there when something was first painted, as a server would send them compressed. */
export async function measureScripts(bench: Bench): Promise<Measured> {
  await bootingMachine(bench)
  return inWindow(bench.home, 'chromium', async ({ page }) => {
    await page.reload()
    await page.getByRole('listbox', { name: 'Machines' }).waitFor()
    const names = (await page.evaluate(`(() => {
      const painted = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity
      return performance.getEntriesByType('resource').filter(({ name, startTime }) => name.endsWith('.js') && startTime <= painted).map(({ name }) => new URL(name).pathname)
    })()`)) as string[]
    const bytes = names.map((name) => gzipSync(readFileSync(join(appFolder(), 'out/renderer', name))).length)
    return { value: bytes.reduce((sum, size) => sum + size, 0) / 1000, samples: { fileBytes: bytes }, beside: { files: bytes.length } }
  })
}

interface Heap {
  readonly used: readonly number[]
  readonly kinds: readonly HeapKinds[]
}

/** What the heap holds: machine code, which grows as long as functions become hot, and all else, which must not. */
interface HeapKinds {
  readonly codeMB: number
  readonly dataMB: number
}

async function heapKinds(debug: CDPSession): Promise<HeapKinds> {
  const chunks: string[] = []
  const take = ({ chunk }: { readonly chunk: string }): void => void chunks.push(chunk)
  debug.on('HeapProfiler.addHeapSnapshotChunk', take)
  await debug.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  debug.off('HeapProfiler.addHeapSnapshotChunk', take)
  const { snapshot: { meta }, nodes } = JSON.parse(chunks.join('')) as { readonly snapshot: { readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly [readonly string[]] } }; readonly nodes: readonly number[] }
  const [fields, types] = [meta.node_fields, meta.node_types[0]]
  const [typeAt, sizeAt] = [fields.indexOf('type'), fields.indexOf('self_size')]
  const bytes = { code: 0, data: 0 }
  for (let at = 0; at < nodes.length; at += fields.length) {
    const type = types[nodes[at + typeAt] ?? 0]
    // What the browser keeps outside of the heap is not counted there either.
    if (type !== 'native') bytes[type === 'code' ? 'code' : 'data'] += nodes[at + sizeAt] ?? 0
  }
  return { codeMB: bytes.code / 1e6, dataMB: bytes.data / 1e6 }
}

const [screen, serial] = ['[aria-label^="Screen of"]', '[aria-label^="Serial console of"]']

/**
 * Presses a tab of the machine's page and waits for what it shows. Not by the driver's own locators: what looks
 * them up lives in the page, and would be measured as ours.
 */
async function show(debug: CDPSession, tab: string, selector: string): Promise<void> {
  const { exceptionDetails } = await debug.send('Runtime.evaluate', {
    awaitPromise: true,
    expression: `new Promise((resolve, reject) => {
      for (const tab of document.querySelectorAll('[role=tab]:not([aria-selected=true])')) if (tab.textContent.trim() === ${JSON.stringify(tab)}) tab.click()
      const isShown = () => document.querySelector(${JSON.stringify(selector)}) !== null
      const watcher = new MutationObserver(() => { if (isShown()) end(resolve) })
      const timer = setTimeout(() => end(() => reject(new Error('It is not shown.'))), ${showsWithinMs})
      const end = (tell) => { watcher.disconnect(); clearTimeout(timer); tell() }
      watcher.observe(document, { childList: true, subtree: true, attributes: true })
      if (isShown()) end(resolve)
    })`,
  })
  if (exceptionDetails !== undefined) throw new Error(`${tab} does not show ${selector}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`)
}

/** The heap of the page after its consoles were opened and closed a hundred times, against after ten. */
export async function measureHeap(bench: Bench): Promise<Measured> {
  const client = await bench.home.client()
  const { id: machine } = await bootingMachine(bench)
  await client.machine.start({ machine })
  try {
    await client.machine.wait({ machine, for: 'serial:MAYFLY READY', timeoutMs: 90_000 })
    const heaps = await inEachHost(bench, bench.home, async ({ page, debug }) => {
      // Where nothing is chosen the page chooses once it has machines, and must not take ours back.
      await page.getByRole('listbox', { name: 'Machines' }).getByRole('option').first().waitFor()
      await goTo(page, `/machines/${machine}/overview`)
      await show(debug, 'Overview', '[role=tab][data-tab=overview][aria-selected=true]')
      for (let turn = 0; turn < heapWarmUps; turn++) {
        await show(debug, 'Log', '[role=tab][data-tab=log][aria-selected=true]')
        await show(debug, 'Overview', '[role=tab][data-tab=overview][aria-selected=true]')
      }
      const used: number[] = []
      const kinds: HeapKinds[] = []
      const heapMB = async (): Promise<number> => {
        for (let times = 0; times < 3; times++) await debug.send('HeapProfiler.collectGarbage')
        return (await debug.send('Runtime.getHeapUsage')).usedSize / 1e6
      }
      for (let round = 1; round <= heapRounds.many; round++) {
        await show(debug, 'Console', `${screen} canvas`)
        await show(debug, 'Console', `${serial} canvas, ${serial} .xterm-rows`)
        await show(debug, 'Overview', `body:not(:has(${screen}))`)
        if (round % heapRounds.few === 0) used.push(await heapMB())
        if (round === heapRounds.few || round === heapRounds.many) kinds.push(await heapKinds(debug))
        if (round % 50 === 0) bench.say(`heap: ${round} of ${heapRounds.many}`)
      }
      return { used, kinds }
    })
    const ratio = ({ used }: Heap): number => (used.at(-1) ?? Number.NaN) / (used[0] ?? Number.NaN)
    const grown = ({ kinds: [few, many] }: Heap, kind: keyof HeapKinds): number => (many?.[kind] ?? Number.NaN) - (few?.[kind] ?? Number.NaN)
    const { chromium, electron } = heaps
    return {
      value: Math.max(ratio(chromium), ratio(electron)),
      samples: { chromiumMB: chromium.used, electronMB: electron.used },
      beside: { chromiumRatio: ratio(chromium), chromiumCodeGrownMB: grown(chromium, 'codeMB'), chromiumDataGrownMB: grown(chromium, 'dataMB'), electronRatio: ratio(electron), electronCodeGrownMB: grown(electron, 'codeMB'), electronDataGrownMB: grown(electron, 'dataMB') },
    }
  } finally {
    await client.machine.stop({ machine, force: true })
  }
}

/** Percent of one core that engine, host and pages take while nobody does anything. The guests are up and idle; what QEMU takes for them is theirs. */
export async function measureIdle(bench: Bench): Promise<Measured> {
  const shares = await withIdleGuests(bench, idleMachines, async () => {
    const percent: Record<string, number[]> = {}
    for (const host of windowHosts) {
      bench.say(`in ${host}`)
      // The usual case: whoever shows the pages holds the engine.
      await bench.home.killEngine()
      percent[host] = await inWindow(bench.home, host, async (window) => {
        await window.page.getByRole('listbox', { name: 'Machines' }).getByRole('option').nth(idleMachines).waitFor()
        const spans: number[] = []
        // The first span has the rest of the start in it.
        for (let span = 0; span <= idleSpans; span++) {
          const [before, begun] = [window.cpuSeconds(), performance.now()]
          await new Promise((resolve) => setTimeout(resolve, idleMs))
          spans.push(((window.cpuSeconds() - before) / ((performance.now() - begun) / 1000)) * 100)
        }
        return spans.slice(1)
      })
    }
    return percent
  })
  const { chromium = [], electron = [] } = shares
  return { value: Math.max(median(chromium), median(electron)), samples: { chromiumPercent: chromium, electronPercent: electron }, beside: { machines: idleMachines } }
}
