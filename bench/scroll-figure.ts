/** The list of five hundred machines is scrolled through, then searched letter by letter; how many frames a second come of it. */
import type { Page } from 'playwright-core'
import type { Bench } from './bench.ts'
import { goTo } from './bench-window.ts'
import type { BenchWindow } from './bench-window.ts'
import { median } from './figure.ts'
import type { Measured } from './figure.ts'
import { makeFleet } from './fleet.ts'
import { inEachHost } from './in-window.ts'

const rounds = 3
const frames = 180
const scrolledPixels = 48

interface Span {
  readonly fps: number
  readonly slowestMs: number
  /** Tasks that held the page up for more than 50 ms. */
  readonly longTasks: number
}

/** What happens in a page from one frame to the next, while something is done at each of them. */
async function frameSpan(page: Page, count: number, atEach = ''): Promise<Span> {
  return page.evaluate(`new Promise((resolve) => {
    const list = document.querySelector('[role=listbox]')
    let longTasks = 0
    const observer = new PerformanceObserver((entries) => (longTasks += entries.getEntries().length))
    observer.observe({ type: 'longtask' })
    const deltas = []
    let last
    const frame = (now) => {
      if (last !== undefined) deltas.push(now - last)
      last = now
      ${atEach}
      if (deltas.length < ${count}) return requestAnimationFrame(frame)
      observer.disconnect()
      resolve({ fps: (1000 * deltas.length) / deltas.reduce((sum, delta) => sum + delta, 0), slowestMs: Math.max(...deltas), longTasks })
    }
    requestAnimationFrame(frame)
  })`)
}

async function measureInWindow({ page, openBlank }: BenchWindow): Promise<{ readonly scroll: Span[]; readonly filter: Span[]; readonly blank: Span[] }> {
  const list = page.getByRole('listbox', { name: 'Machines' })
  await list.getByRole('option').first().waitFor()
  // A page without a console: what is measured is the list.
  await goTo(page, '/about')
  await goTo(page, '/machines')
  await list.getByRole('option').nth(5).waitFor()
  const search = page.getByRole('textbox', { name: /^Search names/ })
  const blankPage = await openBlank()
  const [scroll, filter, blank]: [Span[], Span[], Span[]] = [[], [], []]
  // Compiles what is run.
  await page.bringToFront()
  await frameSpan(page, frames / 2, `list.scrollTop = (list.scrollTop + ${scrolledPixels}) % (list.scrollHeight - list.clientHeight)`)
  for (let round = 0; round < rounds; round++) {
    await blankPage.bringToFront()
    blank.push(await frameSpan(blankPage, frames / 2))
    await page.bringToFront()
    scroll.push(await frameSpan(page, frames, `list.scrollTop = (list.scrollTop + ${scrolledPixels}) % (list.scrollHeight - list.clientHeight)`))
    await search.focus()
    const typing = page.keyboard.type('rests-01', { delay: 120 }).then(() => search.fill('')).then(() => page.keyboard.type('runs-00', { delay: 120 }))
    filter.push(await frameSpan(page, frames))
    await typing
    await search.fill('')
  }
  return { scroll, filter, blank }
}

export async function measureScroll(bench: Bench): Promise<Measured> {
  await makeFleet(bench)
  // The usual case: whoever shows the pages holds the engine.
  await bench.home.killEngine()
  const { chromium, electron } = await inEachHost(bench, bench.home, measureInWindow)
  const fps = (spans: readonly Span[]): number => median(spans.map((span) => span.fps))
  const kinds = { chromiumScroll: chromium.scroll, chromiumFilter: chromium.filter, chromiumBlank: chromium.blank, electronScroll: electron.scroll, electronFilter: electron.filter, electronBlank: electron.blank }
  const all = Object.entries(kinds)
  return {
    value: Math.min(fps(chromium.scroll), fps(chromium.filter), fps(electron.scroll), fps(electron.filter)),
    samples: Object.fromEntries(all.map(([name, spans]) => [`${name}Fps`, spans.map((span) => span.fps)])),
    beside: Object.fromEntries(all.flatMap(([name, spans]) => [[`${name}SlowestMs`, Math.max(...spans.map((span) => span.slowestMs))], [`${name}LongTasks`, spans.reduce((sum, span) => sum + span.longTasks, 0)]])),
  }
}
