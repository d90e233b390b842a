/**
 * `npm run screenshots`: a picture of every view, light and dark, in two sizes, of real machines in
 * several states, into docs/pictures/. Needs Chromium and builds first. Arguments name views:
 * `npm run screenshots -- overview hardware`.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { bootstrap, root } from './bootstrap.mjs'
import { buildOrExit } from './build.mjs'
import { smallerPng } from './smaller-png.mjs'

/** @typedef {import('playwright-core').Page} Page */

const sizes = [{ width: 1440, height: 900 }, { width: 900, height: 600 }]
const schemes = /** @type {const} */ (['light', 'dark'])
const browsers = [process.env['MAYFLY_CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const command = join(root, 'out/cli/mayfly.mjs')
const wanted = process.argv.slice(2)

await bootstrap({ tests: true })
await buildOrExit()

const pictures = join(root, 'docs/pictures')
const home = mkdtempSync(join(tmpdir(), 'mayfly-pictures-'))
const env = { ...process.env, MAYFLY_HOME: home, XDG_RUNTIME_DIR: home, NO_COLOR: '1' }
const serve = spawn(process.execPath, [command, 'serve', '--port', '0', '--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
const ended = once(serve, 'exit')
const browser = await chromium.launch({ executablePath: browsers.find((path) => existsSync(path)) ?? '', chromiumSandbox: process.getuid?.() !== 0, args: ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'] })
try {
  const page = await (await browser.newContext({ reducedMotion: 'reduce', viewport: sizes[0] ?? null })).newPage()
  await page.goto(await announcedAddress())
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  // The accelerators are measured once, which takes a while.
  await mayfly('doctor')
  await page.reload()
  await take(page, 'first-run', '/machines')

  const web = await makeMachines(page)
  // A machine that needs somebody is told of once.
  await page.getByRole('alert').filter({ hasText: 'shop-test needs you' }).getByRole('button').click()
  for (const tab of ['network', 'log']) await take(page, tab, `/machines/${web.id}/${tab}`)
  await mayfly('set', 'web', '--memory', '768MiB')
  await take(page, 'hardware', `/machines/${web.id}/hardware`)
  await take(page, 'crashed', `/machines/${(await machine('shop-test')).id}/console`)
  await take(page, 'paused', `/machines/${(await machine('shop-db')).id}/console`)
  for (const view of ['images', 'doctor', 'settings', 'about', 'templates']) await take(page, view, `/${view}`)
  const [run] = /** @type {{ id: string }[]} */ (await mayfly('runs'))
  await take(page, 'runs', `/runs/${run?.id ?? ''}`)
  await take(page, 'timeline', `/machines/${web.id}/timeline`)
  await mayfly('start', 'from-scratch')
  await take(page, 'starting', `/machines/${(await machine('from-scratch')).id}/console`)
  await takeOver(page, 'palette', 'Control+k', () => page.getByRole('dialog').getByRole('searchbox').or(page.getByRole('dialog').getByRole('textbox')).first().fill('start'))
  await takeOver(page, 'palette-options', 'Control+k', async () => {
    await page.getByRole('dialog').getByRole('searchbox').or(page.getByRole('dialog').getByRole('textbox')).first().fill('fork web')
    await page.keyboard.press('Tab')
    await page.getByRole('dialog').getByLabel('How many').fill('12')
  })
  await takeOver(page, 'shortcuts', '?')
  for (const step of [1, 2, 3]) {
    await takeOver(page, `wizard-${step}`, 'Alt+n', async () => {
      await page.getByRole('list', { name: 'Steps' }).getByRole('button').nth(step - 1).click()
    })
  }
  const stopWork = await beginWork()
  await takeOver(page, 'jobs', '', () => page.getByRole('button', { name: /jobs?$/i }).click())
  await stopWork()
  await takeOver(page, 'delete', 'Delete')
  // Last, when the graphs have something to show, and the guest has drawn its screen.
  await take(page, 'machines', `/machines/${web.id}/console`)
  await take(page, 'overview', `/machines/${web.id}/overview`)
  await take(page, 'grid', '/grid')
} finally {
  await browser.close()
  for (const { name, pid } of /** @type {{ name: string, pid: number | null }[]} */ (await mayfly('list'))) if (pid !== null) await mayfly('stop', name, '--force')
  serve.kill('SIGTERM')
  await ended
  rmSync(home, { recursive: true, force: true })
}

/**
 * Machines as somebody has them; those that are not looked at rest.
 * @param {Page} page
 */
async function makeMachines(page) {
  await mayfly('image', 'build', 'tiny')
  const plan = [
    ['shop-db', '--tag', 'shop', '--cpus', '1', '--memory', '512MiB', '--forward', '5433:5432'],
    ['shop-test', '--tag', 'shop', '--cpus', '1', '--memory', '256MiB'],
    ['web', '--tag', 'web', '--memory', '512MiB', '--forward', '8088:80', '--forward', '2022:22', '--notes', 'The site as customers see it. Its data is on the second disk.'],
    ['web-next', '--tag', 'web', '--cpus', '1', '--memory', '256MiB'],
    ['debian-13-clean', '--cpus', '2', '--memory', '2GiB'],
    ['from-scratch', '--cpus', '1', '--memory', '256MiB', '--disk', '8GiB'],
    ['windows-acceptance-before-update', '--profile', 'compatible', '--memory', '4GiB', '--tag', 'acceptance'],
    ['windows-acceptance-after-update', '--profile', 'compatible', '--memory', '4GiB', '--tag', 'acceptance'],
  ]
  for (const [name = '', ...options] of plan) await mayfly('create', name, ...(name === 'from-scratch' ? [] : ['--image', 'tiny']), ...options)
  for (const name of ['shop-db', 'shop-test', 'web']) {
    // The page remembers how long the boots took that it saw.
    await show(page, `/machines/${(await machine(name)).id}/overview`)
    await mayfly('start', name)
    await mayfly('wait', name, '--for', 'agent', '--timeout', '120s')
    await mayfly('exec', name, '--', 'sh', '-c', '{ cat /etc/os-release; free -m; df -h /data; } > /dev/ttyS0; { cat /etc/os-release; free -m; ps; } > /dev/tty1')
    await screenIsDrawn(name)
  }
  const web = await machine('web')
  await mayfly('checkpoint', 'take', 'web', 'Fresh install')
  await mayfly('checkpoint', 'take', 'web', 'Shop data loaded')
  await mayfly('checkpoint', 'take', 'web', 'Before migration 0042')
  await mayfly('checkpoint', 'branch', 'web', 'Shop data loaded', '--present-label', '0042 deadlocks')
  await mayfly('exec', 'web', '--', 'sh', '-c', '{ cat /etc/os-release; free -m; df -h /data; } > /dev/ttyS0')
  await mayfly('checkpoint', 'take', 'web', 'Migration 0042 passes')
  await mayfly('fork', 'web', '--count', '2', '--name', 'web-test-{n}', '--throwaway')
  await mayfly('template', 'make', 'tiny-ready', '--image', 'tiny', '--memory', '192MiB')
  // Some of its commands fail: that is what a matrix is looked at for.
  await mayfly('run', 'tiny-ready', '--matrix', 'size=small,large', '--count', '2', '--parallel', '1', '--', 'sh', '-c', 'echo "size $size"; sleep 1; [ "$size" = small ] || { echo "not enough room"; exit 3; }').catch(() => undefined)
  await mayfly('pause', 'shop-db')
  process.kill((await machine('shop-test')).pid ?? Number.NaN, 'SIGKILL')
  return web
}

/** One job that fails, and one that goes on until what this resolves to is called. */
async function beginWork() {
  const [broken, large] = [join(home, 'customer-data.qcow2'), join(home, 'installer.iso')]
  // Its counts of references are gone: they are in the third cluster.
  await promisify(execFile)('qemu-img', ['create', '-q', '-f', 'qcow2', broken, '64M'])
  const damaged = readFileSync(broken)
  damaged.fill(0, 2 * 65536, 2 * 65536 + 64)
  writeFileSync(broken, damaged)
  await mayfly('image', 'add', broken).catch(() => undefined)
  writeFileSync(large, '')
  truncateSync(large, 24 * 1024 ** 3)
  const adding = mayfly('image', 'add', large).catch(() => undefined)
  let id = ''
  for (const deadline = Date.now() + 20_000; id === '' && Date.now() < deadline; ) {
    const jobs = /** @type {{ id: string, state: string, bytesPerSecond: number | null }[]} */ (await mayfly('job', 'list'))
    id = jobs.find(({ state, bytesPerSecond }) => state === 'running' && bytesPerSecond !== null)?.id ?? ''
  }
  return async () => {
    if (id !== '') await mayfly('job', 'cancel', id)
    await adding
  }
}

/**
 * Waits until a guest has a screen of its own size with something on it; before, it is the firmware's.
 * @param {string} name
 */
async function screenIsDrawn(name) {
  const file = join(home, 'screen.png')
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 500))) {
    await mayfly('screenshot', name, file)
    const picture = readFileSync(file)
    rmSync(file)
    // IHDR: the width.
    if (picture.readUInt32BE(16) > 1000 && picture.length > 6000) return
  }
  console.error(`${name} has drawn nothing.`)
}

/** @param {string} name */
async function machine(name) {
  return /** @type {{ id: string, pid: number | null }} */ (await mayfly('show', name))
}

/**
 * The command line's own output.
 * @param {...string} args
 * @returns {Promise<unknown>}
 */
async function mayfly(...args) {
  const end = args.indexOf('--')
  const all = end < 0 ? [...args, '--json'] : [...args.slice(0, end), '--json', ...args.slice(end)]
  const running = promisify(execFile)(process.execPath, [command, ...all], { env })
  running.child.stdin?.end()
  const { stdout } = await running
  return end >= 0 || stdout === '' ? undefined : JSON.parse(stdout)
}

async function announcedAddress() {
  let text = ''
  for await (const line of createInterface({ input: serve.stdout })) {
    text += line
    if (line.trimEnd().endsWith('}')) break
  }
  return /** @type {string} */ (JSON.parse(text).address)
}

/**
 * Pictures of what a path shows.
 * @param {Page} page
 * @param {string} view
 * @param {string} path
 */
async function take(page, view, path) {
  await show(page, path)
  if (wanted.length > 0 && !wanted.includes(view)) return
  await page.mouse.move(0, 0)
  for (const size of sizes) {
    await page.setViewportSize(size)
    for (const colorScheme of schemes) await picture(page, `${view}-${colorScheme}-${size.width}`, colorScheme)
  }
}

/**
 * Pictures of what lies over the machine `web`, opened by a key or otherwise, and closed by Esc.
 * @param {Page} page
 * @param {string} view
 * @param {string} key
 * @param {() => Promise<void>} [then]
 */
async function takeOver(page, view, key, then) {
  if (wanted.length > 0 && !wanted.includes(view)) return
  await show(page, `/machines/${(await machine('web')).id}/overview`)
  for (const size of sizes) {
    await page.setViewportSize(size)
    await page.getByRole('listbox', { name: 'Machines' }).focus()
    if (key !== '') await page.keyboard.press(key)
    if (key !== '') await page.getByRole('dialog').waitFor()
    await then?.()
    for (const colorScheme of schemes) await picture(page, `${view}-${colorScheme}-${size.width}`, colorScheme)
    await page.keyboard.press('Escape')
    // What lies over a page may have a way back of its own.
    if (view === 'palette-options') await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  }
}

/**
 * Goes to a path as a link would.
 * @param {Page} page
 * @param {string} path
 */
async function show(page, path) {
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)}); window.dispatchEvent(new PopStateEvent('popstate'))`)
}

/**
 * @param {Page} page
 * @param {string} name
 * @param {'light' | 'dark'} colorScheme
 */
async function picture(page, name, colorScheme) {
  await page.emulateMedia({ colorScheme })
  // What is loaded when it is needed is there, consoles are connected, and nothing moves. The page's policy lets no waitForFunction in.
  const atRest = `document.documentElement.dataset.mantineColorScheme === '${colorScheme}' && document.querySelector('[aria-busy=true], .mf-still') === null && !/connecting/i.test(document.body.innerText) && document.fonts.status === 'loaded' && document.getAnimations().every(({ playState }) => playState !== 'running') && [...document.querySelectorAll('.screen-guest canvas')].every((canvas) => canvas.width > 0 && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value, index) => index % 4 < 3 && value > 64))`
  for (const deadline = Date.now() + 10_000; !(await page.evaluate(atRest)); ) {
    if (Date.now() > deadline) {
      console.error(`${name} did not come to rest.`)
      break
    }
    await page.evaluate('new Promise(requestAnimationFrame)')
  }
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
  mkdirSync(pictures, { recursive: true })
  writeFileSync(join(pictures, `${name}.png`), smallerPng(await page.screenshot()))
  console.error(name)
}
