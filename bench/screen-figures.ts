/** The way of a picture from QEMU to the page: how many there are a second, and how long after a key. */
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { freeTcpPort } from '../engine/machine/host-ports.ts'
import { findQemu } from '../engine/qemu/capabilities/find-qemu.ts'
import { BenchHome } from './bench-home.ts'
import type { Bench } from './bench.ts'
import { goTo, leaveUnwatched } from './bench-window.ts'
import type { BenchWindow } from './bench-window.ts'
import { serveDirectViewer } from './direct-viewer.ts'
import { median } from './figure.ts'
import type { Measured } from './figure.ts'
import { inEachHost } from './in-window.ts'
import { flipKey, painted, painterDisk } from './painter.ts'
import { until } from './until.ts'

const rateSpans = 4
const rateSpanMs = 3000
const rateWarmUpMs = 1500
const keyBlocks = 5
const keysInBlock = 14
const answerWithinMs = 5000

/** A machine that paints, and QEMU's own WebSocket to its screen beside the socket that Mayfly uses. */
interface Painting {
  readonly home: BenchHome
  readonly machine: string
  readonly webSocketPort: number
}

async function withPainting<T>(bench: Bench, measure: (painting: Painting) => Promise<T>): Promise<T> {
  const { binary } = await findQemu()
  const webSocketPort = await freeTcpPort()
  const home = await BenchHome.makeApart(async (root) => {
    const file = join(root, 'qemu')
    // Only a machine has a screen to show twice; QEMU is also asked what it can do.
    await writeFile(file, `#!/bin/sh\ncase "$*" in *screen.sock*) exec '${binary}' "$@" -vnc '127.0.0.1:0,to=500,websocket=${webSocketPort},share=force-shared,id=direct' ;; *) exec '${binary}' "$@" ;; esac\n`)
    await chmod(file, 0o755)
    return { MAYFLY_QEMU: file }
  })
  try {
    const client = await home.client()
    const file = join(home.root, 'painter.img')
    await writeFile(file, painterDisk())
    const job = await client.job.wait({ job: (await client.image.add({ file, name: 'painter' })).id })
    if (job.state !== 'done') throw new Error(`The guest that paints could not be added: ${job.error?.message ?? job.state}`)
    bench.say('Starting the guest that paints ...')
    const { id: machine } = await client.machine.create({ name: 'paints', image: 'painter', profile: 'compatible', display: 'std', cpus: 1, memoryMiB: 64, start: true })
    let last = ''
    await until(async () => {
      const { base64 } = await client.machine.screenshot({ machine })
      const picture = Buffer.from(base64, 'base64')
      // IHDR. Its picture is done when it stays as it is.
      const done = picture.readUInt32BE(16) === painted.width && picture.readUInt32BE(20) === painted.height && base64 === last
      last = base64
      await new Promise((resolve) => setTimeout(resolve, 200))
      return done
    }, 'the guest has painted')
    // The usual case: whoever shows the pages holds the engine.
    await home.killEngine()
    return await measure({ home, machine, webSocketPort })
  } finally {
    await home.close()
  }
}

/** Sees every picture that reaches a canvas on the page: noVNC ends each update by drawing from its hidden one. */
const watchPictures = `(() => {
  if (globalThis.benchPictures !== undefined) return
  const pictures = globalThis.benchPictures = { whole: 0, keyAt: undefined, tookMs: undefined, before: undefined }
  const corner = (canvas) => canvas.getContext('2d').getImageData(8, 8, 1, 1).data.join()
  const draw = CanvasRenderingContext2D.prototype.drawImage
  CanvasRenderingContext2D.prototype.drawImage = function (...what) {
    draw.apply(this, what)
    if (!this.canvas.isConnected || what.length < 9) return
    if (what[7] * what[8] >= 0.9 * ${painted.width * painted.height}) pictures.whole++
    if (pictures.keyAt === undefined || corner(this.canvas) === pictures.before) return
    pictures.tookMs = performance.now() - pictures.keyAt
    pictures.keyAt = undefined
  }
  globalThis.benchArm = (canvas) => {
    pictures.tookMs = undefined
    pictures.before = corner(canvas)
  }
  window.addEventListener('keydown', () => (pictures.keyAt = performance.now()), { capture: true })
})()`

async function openScreen(page: Page, machine: string): Promise<void> {
  await goTo(page, `/screen/${machine}`)
  await untilShown(page)
}

/** Until the guest's picture, which is nowhere all black, is on the canvas, and has the keyboard. */
async function untilShown(page: Page): Promise<void> {
  await page.locator('canvas').first().waitFor()
  await until(async () => (await page.evaluate(`(() => { const canvas = document.querySelector('canvas'); return canvas?.width === ${painted.width} && canvas.getContext('2d').getImageData(${painted.width - 2}, ${painted.height - 2}, 1, 1).data[0] > 0 })()`)) === true, 'the picture is on the page')
  await page.evaluate(watchPictures)
  await leaveUnwatched(page)
  await page.locator('canvas').first().focus()
}

/** How many whole pictures come in a second; beside it, in turns, how many the same viewer gets straight from QEMU. */
export async function measureScreenRate(bench: Bench): Promise<Measured> {
  return withPainting(bench, async ({ home, machine, webSocketPort }) => {
    const viewer = await serveDirectViewer(webSocketPort)
    try {
      const rates = await inEachHost(bench, home, async ({ page, openBlank }) => {
        const spans: { ours: number[]; direct: number[] } = { ours: [], direct: [] }
        await openScreen(page, machine)
        const size = await viewSize(page)
        await page.keyboard.press(flipKey)
        const other = await openBlank()
        for (let span = 0; span < rateSpans; span++) {
          await page.bringToFront()
          await openScreen(page, machine)
          spans.ours.push(await picturesPerSecond(page))
          // One viewer at a time: QEMU serves them one after the other.
          await leaveScreen(page)
          await other.bringToFront()
          await other.goto(viewer.address(size))
          await untilShown(other)
          spans.direct.push(await picturesPerSecond(other))
          await other.goto('about:blank')
        }
        // The next host starts it anew.
        await page.bringToFront()
        await openScreen(page, machine)
        await page.keyboard.press(flipKey)
        return spans
      })
      return {
        value: Math.min(median(rates.chromium.ours), median(rates.electron.ours)),
        samples: { chromiumFps: rates.chromium.ours, chromiumDirectFps: rates.chromium.direct, electronFps: rates.electron.ours, electronDirectFps: rates.electron.direct },
        beside: { chromiumFps: median(rates.chromium.ours), chromiumDirectFps: median(rates.chromium.direct), electronFps: median(rates.electron.ours), electronDirectFps: median(rates.electron.direct) },
      }
    } finally {
      await viewer.close()
    }
  })
}

/** After a moment in which what runs is compiled. */
async function picturesPerSecond(page: Page): Promise<number> {
  return page.evaluate(`new Promise((resolve) => setTimeout(() => {
    const [before, begun] = [benchPictures.whole, performance.now()]
    setTimeout(() => resolve((1000 * (benchPictures.whole - before)) / (performance.now() - begun)), ${rateSpanMs})
  }, ${rateWarmUpMs}))`)
}

async function leaveScreen(page: Page): Promise<void> {
  await goTo(page, '/about')
  await page.locator('canvas').first().waitFor({ state: 'detached' })
}

/** The room our console gives the picture, for the other viewer to give it as much. */
function viewSize(page: Page): Promise<{ readonly width: number; readonly height: number }> {
  return page.evaluate(`(() => { const { width, height } = document.querySelector('canvas').parentElement.getBoundingClientRect(); return { width, height } })()`)
}

/** From a key to the pixel it changes: through Mayfly, and straight on QEMU, in turns; the same guest, browser and viewer. */
export async function measureKey(bench: Bench): Promise<Measured> {
  return withPainting(bench, async ({ home, machine, webSocketPort }) => {
    const viewer = await serveDirectViewer(webSocketPort)
    try {
      const measured = await inEachHost(bench, home, (window) => keysInTurns(window, machine, viewer.address))
      const ratio = ({ ours, direct }: Keys): number => median(ours) / median(direct)
      return {
        value: Math.max(ratio(measured.chromium), ratio(measured.electron)),
        samples: { chromiumMs: measured.chromium.ours, chromiumDirectMs: measured.chromium.direct, electronMs: measured.electron.ours, electronDirectMs: measured.electron.direct },
        beside: { chromiumMedianMs: median(measured.chromium.ours), chromiumDirectMedianMs: median(measured.chromium.direct), chromiumRatio: ratio(measured.chromium), electronMedianMs: median(measured.electron.ours), electronDirectMedianMs: median(measured.electron.direct), electronRatio: ratio(measured.electron) },
      }
    } finally {
      await viewer.close()
    }
  })
}

interface Keys {
  readonly ours: readonly number[]
  readonly direct: readonly number[]
}

async function keysInTurns({ page, openBlank }: BenchWindow, machine: string, address: (size: { readonly width: number; readonly height: number }) => string): Promise<Keys> {
  const keys: { ours: number[]; direct: number[] } = { ours: [], direct: [] }
  await openScreen(page, machine)
  const size = await viewSize(page)
  const other = await openBlank()
  const throughMayfly = async (): Promise<void> => {
    await page.bringToFront()
    await openScreen(page, machine)
    keys.ours.push(...(await pressKeys(page)))
    // One viewer at a time: QEMU serves them one after the other.
    await leaveScreen(page)
  }
  const straight = async (): Promise<void> => {
    await other.bringToFront()
    await other.goto(address(size))
    await untilShown(other)
    keys.direct.push(...(await pressKeys(other)))
    await other.goto('about:blank')
  }
  for (let block = 0; block < keyBlocks; block++) for (const turn of block % 2 === 0 ? [throughMayfly, straight] : [straight, throughMayfly]) await turn()
  return keys
}

/** At odd moments: QEMU looks at the screen every 30 ms. The first presses warm up what runs. */
async function pressKeys(page: Page): Promise<number[]> {
  const took: number[] = []
  for (let press = 0; press < keysInBlock + 2; press++) {
    await page.evaluate(`benchArm(document.querySelector('canvas'))`)
    await page.keyboard.press('a')
    let tookMs: number | null = null
    await until(async () => {
      tookMs = (await page.evaluate(`benchPictures.tookMs ?? null`)) as number | null
      return tookMs !== null
    }, 'the key changes the picture', answerWithinMs)
    if (tookMs !== null && press >= 2) took.push(tookMs)
    await new Promise((resolve) => setTimeout(resolve, 20 + ((press * 37) % 90)))
  }
  return took
}
