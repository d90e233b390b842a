/**
 * Opens an address in the user's browser. The address lets whoever comes first in, and a
 * program's arguments can be read by every user of a host, so it goes through a private file
 * that leads on to it.
 */
import { spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'

/** How long a browser may take to read the file. */
const readWithinMs = 60_000

/** Resolves with whether a program to open it could be started. `file` is made, private, and removed later. */
export function openBrowser(address: string, file: string): Promise<boolean> {
  writeFileSync(file, `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${address}"><title>Mayfly</title>\n`, { mode: 0o600, flag: 'w' })
  const removal = setTimeout(() => rmSync(file, { force: true }), readWithinMs)
  removal.unref()
  return new Promise((resolve) => {
    const child = spawn(process.platform === 'darwin' ? 'open' : 'xdg-open', [file], { detached: true, stdio: 'ignore' })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
