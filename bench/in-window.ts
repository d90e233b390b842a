/** Opens Mayfly in a browser or in the app for as long as something is measured. */
import type { Bench } from './bench.ts'
import type { BenchHome } from './bench-home.ts'
import { windowHosts } from './bench-window.ts'
import type { BenchWindow, WindowHost } from './bench-window.ts'
import { openChromium } from './open-chromium.ts'
import { openElectron } from './open-electron.ts'

/** Opens Mayfly, measures in it, closes it. */
export async function inWindow<T>(home: BenchHome, host: WindowHost, measure: (window: BenchWindow) => Promise<T>): Promise<T> {
  const window = host === 'chromium' ? await openChromium(home) : await openElectron(home)
  try {
    await window.page.getByRole('navigation', { name: 'Main' }).waitFor()
    return await measure(window)
  } finally {
    await window.close()
  }
}

/** The same measurement in each host. One that cannot be opened at all fails the figure. */
export async function inEachHost<T>(bench: Bench, home: BenchHome, measure: (window: BenchWindow, host: WindowHost) => Promise<T>): Promise<Record<WindowHost, T>> {
  const measured: Partial<Record<WindowHost, T>> = {}
  for (const host of windowHosts) {
    bench.say(`in ${host}`)
    measured[host] = await inWindow(home, host, (window) => measure(window, host))
  }
  return measured as Record<WindowHost, T>
}
