/**
 * An AppImage is a file system that is there as long as its app is. Machines, their keepers and the waker outlive the
 * app, and a program whose file goes away is killed at the next page it needs: so what they run is copied out of it first.
 */
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { resolveFolders } from './storage/folders.ts'

let copied: { readonly from: string; readonly to: string } | undefined

/**
 * `folder` itself, or where it lies within an AppImage a copy of it that stays, made where there is none.
 * The AppImage's runtime says where it is: APPIMAGE is the file, APPDIR what it is mounted at
 * (docs.appimage.org, "Environment variables"). Throws the system's error where it cannot be copied.
 */
export function lastingFolder(folder: string, env: NodeJS.ProcessEnv = process.env): string {
  const { APPIMAGE: image, APPDIR: mounted } = env
  if (image === undefined || mounted === undefined || mounted === '' || relative(mounted, folder).startsWith('..')) return folder
  if (copied?.from === folder && existsSync(copied.to)) return copied.to
  const all = join(resolveFolders(env).cache, 'parts')
  const to = join(all, digestOf(folder))
  if (!existsSync(to)) copyAtOnce(folder, all, to)
  copied = { from: folder, to }
  return to
}

/** What starts the app again once it is gone: the AppImage where it is one, else its own program. */
export function lastingProgram(env: NodeJS.ProcessEnv = process.env): string {
  return env['APPIMAGE'] !== undefined && env['APPDIR'] !== undefined && !relative(env['APPDIR'], process.execPath).startsWith('..') ? env['APPIMAGE'] : process.execPath
}

/**
 * Takes the folders of an AppImage out of the lists of folders in `env`, which is changed: its runtime puts them first, and
 * QEMU would load libraries from there.
 */
export function forgetAppImage(env: NodeJS.ProcessEnv): void {
  const mounted = env['APPDIR']
  if (env['APPIMAGE'] === undefined || mounted === undefined || mounted === '') return
  for (const name of ['PATH', 'LD_LIBRARY_PATH', 'XDG_DATA_DIRS', 'GSETTINGS_SCHEMA_DIR']) {
    const folders = env[name]?.split(':').filter((folder) => folder !== '' && relative(mounted, folder).startsWith('..'))
    if (folders === undefined) continue
    if (folders.length === 0) delete env[name]
    else env[name] = folders.join(':')
  }
}

function digestOf(folder: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder).toSorted()) hash.update(`${name}\0`).update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 24)
}

/** Another process may do the same in the same moment; whoever is first is as good. */
function copyAtOnce(folder: string, all: string, to: string): void {
  mkdirSync(all, { recursive: true, mode: 0o700 })
  const aside = mkdtempSync(join(all, '.new-'))
  try {
    cpSync(folder, aside, { recursive: true })
    chmodSync(aside, 0o700)
    renameSync(aside, to)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    if (!existsSync(to)) throw error
  }
}
