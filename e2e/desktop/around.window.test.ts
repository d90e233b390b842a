/** What the desktop shows around the page: tray, menu, its dialogs for files, notifications, links. The specs go on from one another. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MenuItem, Notification } from 'electron'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MachineSummary } from '../../contract/machine.ts'
import type { EngineConnection } from '../../engine/engine-face.ts'
import { makeRawDisk } from '../../engine/images/image-files.fixture.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { until } from '../conformance/until.ts'
import { hostEnvironment } from '../drivers/driver.fixture.ts'
import { launchElectron } from '../drivers/electron.fixture.ts'
import type { ElectronDriver } from '../drivers/electron.fixture.ts'
import { Window } from '../pages/window.ts'

const patienceMs = 30_000

let home: string
let driver: ElectronDriver
let engine: EngineConnection
let window: Window
let machine: MachineSummary

/** What is kept in the main process: the desktop draws these itself, out of reach of any driver. */
interface Kept {
  menus: Electron.Menu[]
  notifications: Notification[]
  focused: boolean
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-desk-'))
  driver = await launchElectron({ home })
  window = new Window(driver.page)
  await driver.page.getByRole('heading', { level: 1 }).waitFor()
  engine = connectEngine(join(home, 'run', 'engine.sock'))
  await driver.app.evaluate(({ BrowserWindow, Menu, Notification }) => {
    const kept: Kept = { menus: [], notifications: [], focused: false }
    ;(globalThis as { kept?: Kept }).kept = kept
    const build = Menu.buildFromTemplate.bind(Menu)
    Menu.buildFromTemplate = (template) => {
      const menu = build(template)
      kept.menus.push(menu)
      return menu
    }
    Notification.isSupported = () => true
    Notification.prototype.show = function show(this: Notification) {
      kept.notifications.push(this)
    }
    BrowserWindow.getFocusedWindow = () => (kept.focused ? (BrowserWindow.getAllWindows()[0] ?? null) : null)
  })
  machine = await engine.client.machine.create({ name: 'R&D', start: true, memoryMiB: 128 })
})

afterAll(async () => {
  for (const { id } of await engine.client.machine.list({})) await engine.client.machine.stop({ machine: id, force: true }).catch(() => undefined)
  await engine.close()
  await driver.close()
  await rm(home, { recursive: true })
})

/** The labels on the way through the tray's menu as it is now; without a way, those at its top. */
function trayLabels(way: readonly string[]): Promise<string[]> {
  return driver.app.evaluate((_electron, path) => {
    let menu = (globalThis as { kept?: Kept }).kept?.menus.at(-1)
    for (const label of path) menu = menu?.items.find((item) => item.label === label)?.submenu
    return (menu?.items ?? []).filter(({ type }) => type !== 'separator').map(({ label }) => label)
  }, way)
}

async function pressInTray(machineLabel: string, action: string): Promise<void> {
  await until(async () => (await trayLabels([machineLabel])).includes(action), `the tray offers ${action} for ${machineLabel}`, patienceMs)
  await driver.app.evaluate((_electron, [first, second]) => {
    const item = (globalThis as { kept?: Kept }).kept?.menus.at(-1)?.items.find(({ label }) => label === first)
    item?.submenu?.items.find(({ label }) => label === second)?.click()
  }, [machineLabel, action] as const)
}

function pressInMenu(menu: string, label: string): Promise<void> {
  return driver.app.evaluate(({ Menu }, [first, second]) => {
    const find = (items: readonly MenuItem[], wanted: string): MenuItem | undefined => items.find((item) => item.label.replace('&', '') === wanted)
    const item = find(find(Menu.getApplicationMenu()?.items ?? [], first)?.submenu?.items ?? [], second)
    if (item === undefined) throw new Error(`There is no ${first} > ${second}.`)
    // Electron types it as any function.
    ;(item.click as () => void)()
  }, [menu, label] as const)
}

function untilShown(path: string): Promise<void> {
  return until(() => new URL(driver.page.url()).pathname.startsWith(path), `${path} is shown`, patienceMs)
}

function stateOf(): Promise<string> {
  return engine.client.machine.show({ machine: machine.id }).then(({ state }) => state)
}

test('the tray lists what runs and does to it what is legal', async () => {
  // `&` would mark a letter.
  await until(async () => (await trayLabels([])).includes('R&&D (running)'), 'the tray lists the machine', patienceMs)
  expect(await trayLabels([])).toEqual(['Open Mayfly', 'R&&D (running)', 'Quit'])
  expect(await trayLabels(['R&&D (running)'])).toEqual(['Show', 'Shut down', 'Pause'])
  await pressInTray('R&&D (running)', 'Pause')
  await until(async () => (await stateOf()) === 'paused', 'the machine is paused', patienceMs)
  await pressInTray('R&&D (paused)', 'Resume')
  await until(async () => (await stateOf()) === 'running', 'the machine runs', patienceMs)
  await window.go('/images')
  await pressInTray('R&&D (running)', 'Show')
  await untilShown(`/machines/${machine.id}`)
})

test('a link starts no second Mayfly: the one that runs shows the machine', async () => {
  await window.go('/images')
  const [program = '', ...words] = driver.app.process().spawnargs
  const display = await driver.app.evaluate(() => process.env['DISPLAY'] ?? '')
  const second = spawn(program, [...words.filter((word) => !/^--(inspect|remote-debugging)/.test(word)), `mayfly://machine/${machine.id}`], { env: { ...hostEnvironment(home), DISPLAY: display }, stdio: 'ignore' })
  expect(await once(second, 'exit')).toEqual([0, null])
  await untilShown(`/machines/${machine.id}`)
  expect(await driver.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
  expect(await engine.client.engine.info({})).toMatchObject({ pid: driver.app.process().pid })
})

test('the menu leads where it says, and adds an image that the dialog for files answers with', async () => {
  await pressInMenu('File', 'New machine …')
  await window.wizard.dialog.waitFor()
  await driver.page.keyboard.press('Escape')
  await pressInMenu('File', 'Settings')
  await untilShown('/settings')
  await pressInMenu('Help', 'About Mayfly')
  await untilShown('/about')
  const file = join(home, 'brought.img')
  await writeFile(file, makeRawDisk('brought'))
  await driver.chooseFile(file, () => pressInMenu('File', 'Add image …'))
  await untilShown('/images')
  await until(async () => (await engine.client.image.list({})).some(({ name }) => name.startsWith('brought')), 'the image is there', patienceMs)
})

test('a screenshot is saved where the dialog says', async () => {
  const file = join(home, 'saved.png')
  await driver.app.evaluate(({ dialog }, chosen) => {
    const asBefore = dialog.showSaveDialog.bind(dialog)
    dialog.showSaveDialog = () => {
      dialog.showSaveDialog = asBefore
      return Promise.resolve({ canceled: false, filePath: chosen })
    }
  }, file)
  await window.openMachine('R&D')
  await driver.page.getByRole('button', { name: 'Screenshot' }).click()
  await driver.page.getByRole('menuitem', { name: 'Save screenshot' }).click()
  const saved = async (): Promise<Buffer> => readFile(file).catch(() => Buffer.alloc(0))
  await until(async () => (await saved()).length > 0, 'the screenshot is saved', patienceMs)
  expect((await saved()).subarray(1, 4).toString('latin1')).toBe('PNG')
})

test('a crash is told by the desktop where nobody looks, and a click leads to the machine', async () => {
  const setFocused = (focused: boolean) => driver.app.evaluate((_electron, to) => {
    const { kept } = globalThis as { kept?: Kept }
    if (kept !== undefined) kept.focused = to
  }, focused)
  const titles = () => driver.app.evaluate(() => ((globalThis as { kept?: Kept }).kept?.notifications ?? []).map(({ title }) => title))
  const crash = async (): Promise<void> => {
    const { pid } = await engine.client.machine.show({ machine: machine.id })
    if (pid === null) throw new Error('The machine does not run.')
    process.kill(pid, 'SIGKILL')
    await until(async () => (await stateOf()) === 'crashed', 'the machine crashed', patienceMs)
  }
  const before = await titles()
  await setFocused(true)
  await crash()
  await engine.client.machine.start({ machine: machine.id })
  await setFocused(false)
  await window.go('/images')
  await crash()
  await until(async () => (await titles()).length > before.length, 'the crash is told', patienceMs)
  expect((await titles()).slice(before.length)).toEqual(['A machine crashed'])
  await driver.app.evaluate(() => void (globalThis as { kept?: Kept }).kept?.notifications.at(-1)?.emit('click'))
  await untilShown(`/machines/${machine.id}`)
})
