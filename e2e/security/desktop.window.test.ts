/** What a page in the window can and cannot do: the whole app, as it is shipped, with its sandbox. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { pageOrigin } from '../../contract/wire/desktop-bridge.ts'
import { until } from '../conformance/until.ts'
import { launchElectron } from '../drivers/electron.fixture.ts'
import type { ElectronDriver } from '../drivers/electron.fixture.ts'

/** The preload script the app is shipped with. */
const preload = fileURLToPath(new URL('../../out/preload/preload.cjs', import.meta.url))
let home: string
let driver: ElectronDriver

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-sec-'))
  driver = await launchElectron({ home })
})

afterAll(async () => {
  await driver.close()
  await rm(home, { recursive: true })
})

// Our origin with the bridge, and without the app's own doings.
beforeEach(() => driver.page.goto(`${pageOrigin}/bare.txt`))

/** Calls `engine.info` over a port handed over as the page does; null where nobody answers. */
const callOverPort = `((send) => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = ({ data }) => resolve(JSON.parse(data))
  port1.addEventListener('close', () => resolve(null))
  setTimeout(() => resolve(null), 1500)
  port1.postMessage(JSON.stringify({ kind: 'call', id: 1, path: 'engine.info', input: {} }))
  send(port2)
}))`

test('the page has no Node and no Electron, and a bridge of six functions', async () => {
  const seen = await driver.page.evaluate(() => ({
    globals: ['require', 'process', 'Buffer', 'module', 'global', 'ipcRenderer', 'electron', '__dirname'].filter((name) => name in globalThis),
    // These files know no DOM, and nothing of what a preload adds to it.
    bridge: Object.keys((globalThis as unknown as { mayflyDesktop: object }).mayflyDesktop).sort(),
  }))
  expect(seen).toEqual({ globals: [], bridge: ['askForFile', 'onCommand', 'openWindow', 'pathOf', 'saveFile', 'takeOverEngine'] })
})

test('every page is sandboxed and isolated', async () => {
  const preferences = await driver.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => {
      // Electron has it for its own tests and gives it no type.
      const { sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag, nodeIntegrationInSubFrames, nodeIntegrationInWorker = false, allowRunningInsecureContent } = (window.webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }).getLastWebPreferences()
      return { sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag, nodeIntegrationInSubFrames, nodeIntegrationInWorker, allowRunningInsecureContent }
    }),
  )
  expect(preferences).toEqual([{ sandbox: true, contextIsolation: true, nodeIntegration: false, webSecurity: true, webviewTag: false, nodeIntegrationInSubFrames: false, nodeIntegrationInWorker: false, allowRunningInsecureContent: false }])
  const renderers = await driver.app.evaluate(({ app }) => app.getAppMetrics().filter(({ type }) => type === 'Tab').map(({ pid }) => pid))
  for (const pid of renderers) expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^Seccomp:\s+2$/m)
})

test('the page reaches the engine over the port it hands over', async () => {
  expect(await driver.page.evaluate(`${callOverPort}((port) => window.postMessage({ mayfly: 'port' }, origin, [port]))`)).toMatchObject({ kind: 'done', output: { holder: 'window' } })
})

test.each([
  ['of our origin', `frame.srcdoc = '<p>like ours</p>'`],
  ['of its own', `frame.sandbox.add('allow-scripts'); frame.srcdoc = '<p>foreign</p>'`],
])('a frame %s in the page cannot get a port, whatever it calls itself', async (_whose, make) => {
  // The policy lets no frame in; here it is taken away, as by somebody who found a way around it.
  const debug = await driver.page.context().newCDPSession(driver.page)
  await debug.send('Page.setBypassCSP', { enabled: true })
  await driver.page.reload()
  await driver.page.evaluate(`new Promise((resolve) => {
    const frame = document.createElement('iframe')
    ${make}
    frame.onload = resolve
    document.documentElement.append(frame)
  })`)
  const frames = driver.page.frames().filter((frame) => frame !== driver.page.mainFrame())
  expect(frames.length).toBe(1)
  for (const frame of frames) {
    expect(await frame.evaluate(`document.documentElement !== null && 1 + 1`)).toBe(2)
    expect(await frame.evaluate(`typeof globalThis.mayflyDesktop`)).toBe('undefined')
    expect(await frame.evaluate(`${callOverPort}((port) => parent.postMessage({ mayfly: 'port' }, '*', [port]))`)).toBe(null)
    expect(await frame.evaluate(`${callOverPort}((port) => postMessage({ mayfly: 'port' }, '*', [port]))`)).toBe(null)
  }
  await debug.send('Page.setBypassCSP', { enabled: false })
  await debug.detach()
})

test('a window we did not make, and one that shows something else, get no port', async () => {
  // Foreign windows with our own preload script: the worst case.
  for (const address of [`${pageOrigin}/bare.txt`, 'data:text/html,<p>foreign']) {
    const opened = driver.app.waitForEvent('window')
    await driver.app.evaluate(({ BrowserWindow }, [to, with_]) => {
      void new BrowserWindow({ show: false, webPreferences: { preload: with_, sandbox: true } }).loadURL(to)
    }, [address, preload] as const)
    const foreign = await opened
    await foreign.waitForURL(address)
    expect(await foreign.evaluate(`typeof globalThis.mayflyDesktop`)).toBe('object')
    expect(await foreign.evaluate(`${callOverPort}((port) => window.postMessage({ mayfly: 'port' }, '*', [port]))`)).toBe(null)
    expect(await foreign.evaluate(`globalThis.mayflyDesktop.openWindow('/x').then(() => 'opened', () => 'refused')`)).toBe('refused')
    await foreign.close()
  }
})

test.each([
  ['navigation', `location.href = 'https://example.com/'`],
  ['navigation to a file', `location.href = 'file:///etc/passwd'`],
  ['navigation to data', `location.href = 'data:text/html,<script>1</script>'`],
  ['navigation to script', `location.href = 'javascript:document.title="ran"'`],
  ['another host of our scheme', `location.href = 'app://elsewhere/'`],
  ['a form', `{ const f = document.createElement('form'); f.action = 'https://example.com/'; document.documentElement.append(f); f.submit() }`],
])('%s leads nowhere', async (_what, attempt) => {
  await driver.page.evaluate(`void (() => { ${attempt} })()`)
  // By the time the page has gone to main and back, a navigation would have begun.
  await driver.page.evaluate(`fetch('/bare.txt').then(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))`)
  expect([driver.page.url(), await driver.page.title()]).toEqual([`${pageOrigin}/bare.txt`, ''])
})

test('window.open opens nothing; permissions are refused', async () => {
  const count = () => driver.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)
  const before = await count()
  expect(await driver.page.evaluate(`window.open('about:blank') === null && window.open('${pageOrigin}/') === null && window.open('file:///etc/passwd') === null`)).toBe(true)
  expect(await count()).toBe(before)
  const states = await driver.page.evaluate(`Promise.all(['geolocation', 'camera', 'microphone', 'notifications', 'midi'].map((name) => navigator.permissions.query({ name }).then(({ state }) => state, () => 'denied')))`)
  expect(states).toEqual(['denied', 'denied', 'denied', 'denied', 'denied'])
  expect(await driver.page.evaluate(`navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'given', () => 'refused')`)).toBe('refused')
})

test('the network is out of reach, also from main\'s own session', async () => {
  let reached = 0
  const server = createServer((_request, response) => {
    reached++
    response.setHeader('access-control-allow-origin', '*').end('x')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  expect(await driver.page.evaluate(`fetch('${address}').then(() => 'reached', () => 'refused')`)).toBe('refused')
  expect(await driver.page.evaluate(`new Promise((resolve) => { const image = new Image(); image.onload = () => resolve('reached'); image.onerror = () => resolve('refused'); image.src = '${address}' })`)).toBe('refused')
  // Without the page's policy: the session refuses by itself.
  expect(await driver.app.evaluate(({ session }, to) => session.defaultSession.fetch(to).then(() => 'reached', () => 'refused'), address)).toBe('refused')
  expect(await driver.page.evaluate(`fetch('file:///etc/passwd').then(() => 'reached', () => 'refused')`)).toBe('refused')
  expect(reached).toBe(0)
  await new Promise((resolve) => server.close(resolve))
})

test('the policy of our pages has no unsafe word, and holds', async () => {
  const policies = await driver.page.evaluate(`Promise.all(['/', '/bare.txt', '/machines/x', '/assets/none.js'].map(async (path) => (await fetch(path)).headers.get('content-security-policy')))`)
  for (const policy of policies as string[]) {
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
  }
  expect(await driver.page.evaluate(`new Promise((resolve) => {
    const script = document.createElement('script')
    script.textContent = 'globalThis.ranInline = true'
    document.documentElement.append(script)
    const button = document.createElement('div')
    button.setAttribute('onclick', 'globalThis.ranHandler = true')
    document.documentElement.append(button)
    button.click()
    setTimeout(() => resolve([globalThis.ranInline, globalThis.ranHandler]), 100)
  })`)).toEqual([undefined, undefined])
})

test.each(['/../package.json', '/%2e%2e/%2e%2e/package.json', '/assets/..%2f..%2fpackage.json', '//etc/passwd', '/index.html/../../main.mjs'])('%s does not lead out of the pages', async (path) => {
  const body = await driver.page.evaluate(`fetch(${JSON.stringify(`${pageOrigin}${path}`)}).then((answer) => answer.text(), () => '')`)
  expect(body).not.toMatch(/"dependencies"|root:|import /)
})

test('what a page asks of main is looked at', async () => {
  const outcomes = await driver.page.evaluate(`Promise.all([
    mayflyDesktop.openWindow('//evil.example/'), mayflyDesktop.openWindow('https://evil.example/'), mayflyDesktop.openWindow('/../../x y'), mayflyDesktop.openWindow(5),
    mayflyDesktop.askForFile(null), mayflyDesktop.askForFile({ title: 5 }), mayflyDesktop.askForFile({ title: 'x', filters: 'y' }),
    mayflyDesktop.saveFile({ title: 'x' }, 'text'),
  ].map((promise) => promise.then(() => 'done', () => 'refused')))`)
  expect(outcomes).toEqual(Array(8).fill('refused'))
})

test('a second start hands its link to the first, whose page is asked to show that machine', async () => {
  await driver.page.evaluate(`mayflyDesktop.onCommand((command) => { (globalThis.commands ??= []).push(command) })`)
  await driver.app.evaluate(({ app }) => {
    app.emit('second-instance', {}, ['mayfly', 'mayfly://machine/abcdefghijkl'], '/')
    app.emit('second-instance', {}, ['mayfly', 'mayfly://machine/../../evil', '--inspect'], '/')
  })
  await until(async () => ((await driver.page.evaluate(`(globalThis.commands ?? []).length`)) as number) > 0, 'the page was asked')
  expect(await driver.page.evaluate(`globalThis.commands`)).toEqual([{ kind: 'show-machine', machine: 'abcdefghijkl' }])
})
