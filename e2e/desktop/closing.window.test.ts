/** What closing the window and quitting do with machines that run, as it is set. The guest is the firmware of an empty machine: nothing has to boot. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { until } from '../conformance/until.ts'
import { launchElectron } from '../drivers/electron.fixture.ts'
import type { ElectronDriver } from '../drivers/electron.fixture.ts'

let home: string
const cleanups: (() => unknown)[] = []

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-close-'))
  cleanups.push(() => rm(home, { recursive: true }))
})

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A window that holds the engine, with one machine that runs. */
async function openWithMachine(): Promise<{ driver: ElectronDriver; client: EngineClient }> {
  const driver = await launchElectron({ home })
  cleanups.push(() => driver.close())
  await driver.page.getByRole('heading', { level: 1 }).waitFor()
  const engine = connectEngine(join(home, 'run', 'engine.sock'))
  cleanups.push(() => engine.close())
  await engine.client.machine.create({ name: 'firmware only', start: true, memoryMiB: 128 })
  return { driver, client: engine.client }
}

function closeWindow({ app }: ElectronDriver): Promise<void> {
  return app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
}

function isAlive(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Ends the QEMU that was left running, by an engine in another window. */
async function switchOff(): Promise<void> {
  const again = await launchElectron({ home })
  const engine = connectEngine(join(home, 'run', 'engine.sock'))
  await until(async () => (await engine.client.machine.list({}).catch(() => [])).some(({ state }) => state === 'running'), 'the next engine found the machine')
  for (const { id } of await engine.client.machine.list({})) await engine.client.machine.stop({ machine: id, force: true })
  await engine.close()
  await again.close()
}

test('closing the window quits where it is set so, and leaves machines running where that is set', async () => {
  const { driver, client } = await openWithMachine()
  await client.settings.set({ onWindowClose: 'quit', onQuit: 'leave-running' })
  const [{ pid } = { pid: null }] = await client.machine.list({})
  // Its end, not that of its output, which what it started may hold.
  const gone = once(driver.app.process(), 'exit')
  await closeWindow(driver)
  expect(await gone).toEqual([0, null])
  expect(isAlive(pid)).toBe(true)
  await switchOff()
  expect(isAlive(pid)).toBe(false)
}, 120_000)

test('the window closes and Mayfly stays while a machine runs; quitting shuts it down where that is set', async () => {
  const { driver, client } = await openWithMachine()
  // Firmware hears no power button: after its time the machine is switched off.
  await client.settings.set({ onQuit: 'shut-down' })
  const [{ pid } = { pid: null }] = await client.machine.list({})
  // What is said once is answered by nobody here.
  await driver.app.evaluate(({ dialog }) => {
    dialog.showMessageBox = () => Promise.resolve({ response: 0, checkboxChecked: false })
  })
  await closeWindow(driver)
  await until(async () => (await driver.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)) === 0, 'the window is closed')
  expect(await client.engine.info({})).toMatchObject({ holder: 'window' })
  const [machine] = await client.machine.list({})
  if (machine === undefined) throw new Error('The machine is gone.')
  await client.machine.set({ machine: machine.id, stop: { timeoutSeconds: 1, onTimeout: 'force' } })
  const gone = driver.app.waitForEvent('close')
  await driver.app.evaluate(({ app }) => app.quit())
  await gone
  expect(isAlive(pid)).toBe(false)
}, 120_000)

test('quitting saves a machine where that is answered: a checkpoint with its RAM, and it is off', async () => {
  const { driver, client } = await openWithMachine()
  const [{ pid } = { pid: null }] = await client.machine.list({})
  await driver.app.evaluate(({ dialog }) => {
    dialog.showMessageBox = (...given: unknown[]) => Promise.resolve({ response: (given.at(-1) as { readonly buttons: string[] }).buttons.indexOf('Save and quit'), checkboxChecked: false })
  })
  const gone = driver.app.waitForEvent('close')
  await driver.app.evaluate(({ app }) => app.quit())
  await gone
  expect(isAlive(pid)).toBe(false)
  const again = await launchElectron({ home })
  const engine = connectEngine(join(home, 'run', 'engine.sock'))
  await until(async () => (await engine.client.machine.list({}).catch(() => [])).some(({ state }) => state === 'stopped'), 'the next engine found the machine, which is off')
  const [machine] = await engine.client.machine.list({})
  const { checkpoints } = await engine.client.checkpoint.list({ machine: machine?.id ?? '' })
  expect(checkpoints).toMatchObject([{ kind: 'ram', machineState: 'running', broken: null, ramRefused: null }])
  expect(checkpoints[0]?.label).toMatch(/^When Mayfly was quit, /)
  await engine.close()
  await again.close()
}, 120_000)
