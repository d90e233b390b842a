/** What closing the window and quitting do with machines that run and with work under way, as it is set or answered. The guest is the firmware of an empty machine: nothing has to boot. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { until } from '../conformance/until.ts'
import { answerDialogs } from '../drivers/dialogs.fixture.ts'
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

function untilWindows({ app }: ElectronDriver, amount: number): Promise<void> {
  return until(async () => (await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)) === amount, `there are ${amount} windows`)
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

test('the window closes and Mayfly stays while a machine runs, which is said once; quitting shuts it down where that is set', async () => {
  const { driver, client } = await openWithMachine()
  // Firmware hears no power button: after its time the machine is switched off.
  await client.settings.set({ onQuit: 'shut-down' })
  const [{ pid } = { pid: null }] = await client.machine.list({})
  const dialogs = await answerDialogs(driver.app)
  await closeWindow(driver)
  await untilWindows(driver, 0)
  await dialogs.answer('Understood')
  expect(await client.engine.info({})).toMatchObject({ holder: 'window' })
  await driver.app.evaluate(({ app }) => app.emit('activate'))
  await untilWindows(driver, 1)
  await closeWindow(driver)
  await untilWindows(driver, 0)
  const [machine] = await client.machine.list({})
  if (machine === undefined) throw new Error('The machine is gone.')
  await client.machine.set({ machine: machine.id, stop: { timeoutSeconds: 1, onTimeout: 'force' } })
  const told = await dialogs.asked()
  expect(told).toMatchObject([{ message: 'Mayfly goes on without its window.' }])
  expect(told[0]?.detail).toMatch(/^One machine runs\. /)
  const gone = driver.app.waitForEvent('close')
  await driver.app.evaluate(({ app }) => app.quit())
  await gone
  expect(isAlive(pid)).toBe(false)
}, 120_000)

test('what is waited for at quitting is said, again when somebody quits again, and can be cut short', async () => {
  const { driver, client } = await openWithMachine()
  await client.settings.set({ onQuit: 'shut-down' })
  const [machine] = await client.machine.list({})
  if (machine === undefined) throw new Error('The machine is gone.')
  const setTime = (timeoutSeconds: number) => client.machine.set({ machine: machine.id, stop: { timeoutSeconds, onTimeout: 'ask' } })
  const dialogs = await answerDialogs(driver.app)
  const quit = () => driver.app.evaluate(({ app }) => app.quit())
  await setTime(1)
  await quit()
  await dialogs.answer('Do not quit')
  const failed = (await dialogs.asked()).at(-1)
  expect(failed).toMatchObject({ message: 'Not all machines were shut down.', buttons: ['Do not quit', 'Leave it running and quit', 'Switch off and quit'] })
  expect(failed?.detail).toMatch(/^firmware only: firmware only did not shut down within 1 s\./)

  await setTime(600)
  await quit()
  await dialogs.answer('Keep waiting')
  const before = await dialogs.asked()
  expect(before.at(-1)).toMatchObject({ message: 'firmware only is shutting down.', buttons: ['Keep waiting', 'Quit without waiting', 'Switch off and quit'] })
  await quit()
  const gone = driver.app.waitForEvent('close')
  await dialogs.answer('Switch off and quit')
  await gone
  expect(isAlive(machine.pid)).toBe(false)
}, 120_000)

test('work under way keeps Mayfly there without its window, is named when it is quit, and can be finished first', async () => {
  const driver = await launchElectron({ home })
  cleanups.push(() => driver.close().catch(() => undefined))
  await driver.page.getByRole('heading', { level: 1 }).waitFor()
  const engine = connectEngine(join(home, 'run', 'engine.sock'))
  cleanups.push(() => engine.close())
  const { client } = engine
  // It waits for what no guest will ever say.
  await client.machine.create({ name: 'source', memoryMiB: 128 })
  const job = await client.template.make({ name: 'endless', machine: 'source', memoryMiB: 128, ready: 'serial:what is never said' })
  const dialogs = await answerDialogs(driver.app)
  await closeWindow(driver)
  await untilWindows(driver, 0)
  await dialogs.answer('Understood')
  expect((await dialogs.asked())[0]?.detail).toMatch(/^One job is under way\. /)

  const quit = () => driver.app.evaluate(({ app }) => app.quit())
  await quit()
  await dialogs.answer('Do not quit')
  const named = (await dialogs.asked()).at(-1)
  expect(named?.detail).toContain('“Make the template endless”')
  expect(named).toMatchObject({ message: 'One job is under way.', buttons: ['Quit when it is done', 'Cancel it and quit', 'Do not quit'] })
  await untilWindows(driver, 1)
  expect(await client.job.list({})).toMatchObject([{ id: job.id, state: 'running' }])

  await quit()
  await dialogs.answer('Quit when it is done')
  await dialogs.answer('Keep waiting')
  expect((await dialogs.asked()).at(-1)).toMatchObject({ message: 'Mayfly quits when the work under way is done.' })
  const gone = once(driver.app.process(), 'exit')
  await client.job.cancel({ job: job.id })
  expect(await gone).toEqual([0, null])
}, 120_000)

test.each(['answered', 'set'])('quitting saves a machine where that is %s: a checkpoint with its RAM, and it is off', async (how) => {
  const { driver, client } = await openWithMachine()
  const [{ pid } = { pid: null }] = await client.machine.list({})
  if (how === 'set') await client.settings.set({ onQuit: 'save' })
  const dialogs = await answerDialogs(driver.app)
  const gone = driver.app.waitForEvent('close')
  await driver.app.evaluate(({ app }) => app.quit())
  if (how === 'answered') await dialogs.answer('Save and quit')
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
