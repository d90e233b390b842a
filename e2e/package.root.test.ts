/** The .deb, made, installed, tried and removed: the app as users get it, on the Electron of the tests. Root installs; an ordinary user opens it. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'
import type { MachineSummary } from '../contract/machine.ts'
import { until } from './conformance/until.ts'
import { openDisplay } from './drivers/virtual-display.ts'

const run = promisify(execFile)
const checkout = fileURLToPath(new URL('..', import.meta.url))

/** As it is meant to be: nobody can turn the app into a Node, look into it, or feed it other code. */
const expectedFuses = {
  RunAsNode: false,
  EnableCookieEncryption: true,
  EnableNodeOptionsEnvironmentVariable: false,
  EnableNodeCliInspectArguments: false,
  EnableEmbeddedAsarIntegrityValidation: true,
  OnlyLoadAppFromAsar: true,
  LoadBrowserProcessSpecificV8Snapshot: false,
  GrantFileProtocolExtraPrivileges: false,
}

/** How a fuse stands in the wire: the digits 0 and 1. */
const [off, on] = [0x30, 0x31]

/** The fuses that the binary has; an older Electron has fewer than there are names. */
async function fusesOf(program: string): Promise<Readonly<Record<string, boolean>>> {
  const wire = await getCurrentFuseWire(program)
  const states = Object.entries(FuseV1Options).flatMap(([name, index]) => {
    const state: number | undefined = typeof index === 'number' ? wire[index] : undefined
    return state === on || state === off ? [[name, state === on] as const] : []
  })
  return Object.fromEntries(states)
}

/** Who opens the app: the user the tests run as. */
function testUser(): { readonly uid: number; readonly gid: number } {
  const [, , uid, gid] = (/^mayfly-test:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0] ?? '').split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

test('the package installs, opens with its sandbox, holds the engine, runs a machine, follows a link, and goes without a trace', async () => {
  const electron = (await run(process.execPath, [join(checkout, 'build/electron-runtime.mjs')])).stdout.trim()
  await run(process.execPath, [join(checkout, 'build/dist.mjs'), '--electron', electron], { cwd: checkout })
  const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string }
  await run('dpkg', ['-i', '--force-depends', join(checkout, `dist/mayfly_${version}_amd64.deb`)])
  const home = await mkdtemp(join(tmpdir(), 'mayfly-deb-'))
  const user = testUser()
  chownSync(home, user.uid, user.gid)
  const display = await openDisplay()
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, MAYFLY_HOME: home, XDG_RUNTIME_DIR: home, TMPDIR: home, DISPLAY: display.name, MAYFLY_TEST_RUN: process.env['MAYFLY_TEST_RUN'] ?? '' }
  const app = spawn('mayfly-desktop', ['--remote-debugging-port=0', '--inspect=0'], { ...user, env, cwd: home, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(app, 'exit')
  try {
    expect(await fusesOf('/opt/Mayfly/mayfly-desktop')).toEqual(expectedFuses)
    let stderr = ''
    app.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    await until(() => /DevTools listening on \S+/.test(stderr), `the app opened: ${stderr}`)
    // The fuse: nobody can look into main, or turn the app into a Node.
    expect(stderr).not.toContain('Debugger listening')
    expect((await run('mayfly-desktop', ['--version'], { ...user, env: { ...env, ELECTRON_RUN_AS_NODE: '1' } }).catch(() => ({ stdout: '' }))).stdout).not.toMatch(/^v\d+/)

    const browser = await chromium.connectOverCDP(/DevTools listening on (\S+)/.exec(stderr)?.[1] ?? '')
    const context = browser.contexts()[0]
    const page = context?.pages()[0] ?? (await context?.waitForEvent('page'))
    await page?.waitForURL('app://mayfly/**')
    await until(async () => (await page?.locator('body').innerText())?.trim() !== '', 'the page shows something')
    expect(await page?.evaluate(() => ['require', 'process'].filter((name) => name in globalThis))).toEqual([])
    const { stdout } = await run('mayfly', ['engine', 'info', '--json'], { ...user, env })
    expect(JSON.parse(stdout)).toMatchObject({ holder: 'window' })

    // Its guest is firmware: nothing has to boot.
    const made = await run('mayfly', ['create', 'probe', '--memory=128', '--start', '--json'], { ...user, env })
    const { id } = JSON.parse(made.stdout) as MachineSummary
    await run('mayfly-desktop', [`mayfly://machine/${id}`], { ...user, env, cwd: home })
    await page?.waitForURL(`app://mayfly/machines/${id}**`)
    const shown = await run('mayfly', ['list', '--json'], { ...user, env })
    expect(JSON.parse(shown.stdout)).toMatchObject([{ id, state: 'running' }])
    await run('mayfly', ['stop', '--force', id], { ...user, env })
    await browser.close()

    const withoutNode = await run('/usr/bin/mayfly', ['list'], { ...user, env: { ...env, PATH: '/nonexistent' } }).catch((error: unknown) => error)
    expect(withoutNode).toMatchObject({ code: 1, stderr: expect.stringMatching(/^mayfly needs Node\.js 20 or later, which is not installed/) as unknown })
  } finally {
    app.kill('SIGTERM')
    await ended
    await display.close()
    await run('dpkg', ['--purge', 'mayfly'])
    await rm(home, { recursive: true })
  }
  expect(['/opt/Mayfly', '/usr/bin/mayfly', '/usr/bin/mayfly-desktop', '/etc/apparmor.d/mayfly-desktop'].filter((path) => existsSync(path))).toEqual([])
}, 300_000)
