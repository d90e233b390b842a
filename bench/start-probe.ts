/**
 * A small app around an app: it loads the main program it is told, and says on stdout when the
 * page it opens has what a script waits for. Without a program it opens an empty window. Both go
 * the same way, so that only the app makes the difference.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const program = `import { app, BrowserWindow } from 'electron'
app.on('web-contents-created', (_event, contents) => contents.once('dom-ready', () => {
  contents.executeJavaScript(process.env.BENCH_SHOWS).then((seen) => process.stdout.write('shown ' + JSON.stringify(seen) + '\\n'), (error) => console.error(error))
}))
if (process.env.BENCH_MAIN) await import(process.env.BENCH_MAIN)
else {
  app.setPath('userData', process.env.BENCH_DATA)
  app.on('window-all-closed', () => app.quit())
  app.whenReady().then(() => new BrowserWindow({ width: 1240, height: 800, webPreferences: { sandbox: true } }).loadURL('about:blank'))
}
`

/** Two frames later it is on the screen. */
const painted = 'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(0))))'

/** Resolves with what is there, when there is a page at all. */
export const emptyIsShown = painted

/** Resolves with the number of rows, when the list shows machines and takes keys. */
export const listIsShown = `new Promise((resolve) => {
  const look = () => {
    const rows = document.querySelectorAll('[role=listbox][tabindex="0"] [id^=machine-][role=option]').length
    if (rows < 10) return
    watcher.disconnect()
    ${painted}.then(() => resolve(rows))
  }
  const watcher = new MutationObserver(look)
  watcher.observe(document, { childList: true, subtree: true })
  look()
})`

/** Writes the app; resolves with its folder. */
export async function writeStartProbe(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"name":"mayfly-bench","version":"0.0.0","type":"module","main":"main.mjs"}')
  await writeFile(join(folder, 'main.mjs'), program)
  return folder
}
