/** Mayfly's pages in a real browser or the real app, on the bench's own machines: what the figures of the window are measured in. */
import { join } from 'node:path'
import type { CDPSession, Page } from 'playwright-core'
import { nativeFolder } from '../engine/native.ts'

export interface BenchWindow {
  readonly page: Page
  readonly debug: CDPSession
  /** CPU seconds of engine, host and pages, since each of their processes began; QEMU and its keepers are the machines' own. */
  readonly cpuSeconds: () => number
  /** An empty page in the same browser, to tell what this host gives to anybody. */
  readonly openBlank: () => Promise<Page>
  readonly close: () => Promise<void>
}

export const windowHosts = ['chromium', 'electron'] as const
export type WindowHost = (typeof windowHosts)[number]

/** Where it looks at pictures of 1280x800 pixels, they fit in. */
export const windowSize = { width: 1440, height: 1000 } as const

/**
 * As on a desktop without a graphics card: pages are drawn by the processor, WebGL is there all the
 * same, and nothing of the browser's own happens in the background. Had WebGL's software the whole
 * page to draw, every small change would cost what the whole window does.
 */
export const browserFlags = ['--disable-gpu', '--enable-unsafe-swiftshader', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/** The folder of the app, as Electron takes it. */
export function appFolder(): string {
  return join(nativeFolder(), '..', '..')
}

/** To a path as a link leads there, without loading the page anew. */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)}); window.dispatchEvent(new PopStateEvent('popstate'))`)
}

/** As much of Playwright's inside (1.65) as is needed here. */
interface WithInside {
  readonly _connection: { toImpl(page: Page): { readonly delegate: { readonly _mainFrameSession: { readonly _client: { send(method: string): Promise<unknown> } } } } }
}

/**
 * From now on the browser tells nobody what comes to a page. Playwright has it told of every WebSocket's
 * bytes, in base64, and reads that: of a screen of four megabytes it costs twice what showing it does.
 * Nothing in its API ends that.
 */
export async function leaveUnwatched(page: Page): Promise<void> {
  // Its types end at its API.
  await (page as unknown as WithInside)._connection.toImpl(page).delegate._mainFrameSession._client.send('Network.disable')
}
