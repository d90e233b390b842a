/** Where Mayfly keeps things: the XDG folders, or one folder for all of it with MAYFLY_HOME. */
import { existsSync, lstatSync, mkdirSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'

export interface Folders {
  /** Machines, images, trash: what must not be lost. */
  readonly data: string
  /** Settings. */
  readonly config: string
  /** What can be made again: probed capabilities, downloaded packages. */
  readonly cache: string
  /** Logs of the engine itself and the history of jobs. */
  readonly state: string
  /** Sockets and pid files; gone after a restart of the host. */
  readonly runtime: string
}

/** Resolves the folders from the environment; makes none of them. */
export function resolveFolders(env: NodeJS.ProcessEnv = process.env): Folders {
  const home = env['MAYFLY_HOME']
  if (home !== undefined && home !== '') {
    const root = resolve(home)
    return { data: join(root, 'data'), config: join(root, 'config'), cache: join(root, 'cache'), state: join(root, 'state'), runtime: join(root, 'run') }
  }
  const xdg = (name: string, fallback: string): string => {
    const value = env[name]
    return join(value !== undefined && isAbsolute(value) ? value : fallback, 'mayfly')
  }
  const user = env['HOME'] ?? homedir()
  return {
    data: xdg('XDG_DATA_HOME', join(user, '.local', 'share')),
    config: xdg('XDG_CONFIG_HOME', join(user, '.config')),
    cache: xdg('XDG_CACHE_HOME', join(user, '.cache')),
    state: xdg('XDG_STATE_HOME', join(user, '.local', 'state')),
    runtime: env['XDG_RUNTIME_DIR'] !== undefined && isAbsolute(env['XDG_RUNTIME_DIR']) ? join(env['XDG_RUNTIME_DIR'], 'mayfly') : join(tmpdir(), `mayfly-${userInfo().uid}`),
  }
}

/** Node's own `recursive` never ends where the system says ENOENT below a folder that is there, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (!existsSync(folder)) throw error
  }
}

/**
 * Makes the folders, private to this user. The runtime folder may lie in a shared /tmp: one
 * that belongs to somebody else, or is a link, is refused rather than trusted with sockets.
 */
export function makeFolders(folders: Folders): void {
  for (const folder of Object.values(folders) as string[]) {
    try {
      makeFolder(folder)
    } catch (cause) {
      throw new MayflyError('host-unavailable', `The folder ${folder} cannot be made.`, { check: 'folders' }, { cause, next: 'Give MAYFLY_HOME a folder that you may write to.' })
    }
  }
  const runtime = lstatSync(folders.runtime)
  if (!runtime.isDirectory() || runtime.uid !== userInfo().uid || (runtime.mode & 0o022) !== 0) {
    throw new MayflyError('host-unavailable', `The runtime folder ${folders.runtime} is not a private folder of this user.`, { check: 'runtime-folder' }, { next: 'Remove it, or set XDG_RUNTIME_DIR.' })
  }
}
