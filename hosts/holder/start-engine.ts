/** Starts a detached engine and hears from it how that went. */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { MayflyError } from '../../contract/errors.ts'
import type { ErrorDetails, ErrorRecord } from '../../contract/errors.ts'
import { identifyProcess } from '../../engine/qemu/process/process-identity.ts'
import type { Folders } from '../../engine/storage/folders.ts'
import { makeFolders } from '../../engine/storage/folders.ts'
import { engineLog } from '../../engine/storage/names.ts'
import { readinessFd, readinessFlag, wokenFlag } from './readiness.ts'
import type { Readiness } from './readiness.ts'

/** Characters of the log that are shown with a failed start. */
const tailBytes = 2048

/**
 * V8's own settings are for programs that are always busy. Its young generation, here in MiB, is up
 * to three times as large and stays resident as a whole; with less than 4, short-lived objects grow old.
 * And it lets garbage gather until the heap is twice as large as what lives, here a third: an engine with
 * 500 machines that are listed again and again has 97 MB at the most instead of 150, and starts no
 * slower (Node 20.20).
 */
const engineFlags = ['--max-semi-space-size=4', '--heap-growing-percent=30']

interface StartOptions {
  readonly folders: Folders
  readonly env: NodeJS.ProcessEnv
  readonly withinMs: number
  /** The engine's program; default: the bundled one. */
  readonly program?: string
}

/** Starts an engine that outlives this process. `held`: another one was faster. Throws what its start failed with. */
export async function startEngine(options: StartOptions): Promise<'ready' | 'held'> {
  makeFolders(options.folders)
  const program = options.program ?? engineProgram()
  const logPath = engineLog(options.folders)
  // Appending, so that the log can be cut under its writer.
  const log = openSync(logPath, 'a+', 0o600)
  try {
    const logStart = fstatSync(log).size
    const child = spawn(process.execPath, [...engineFlags, program, readinessFlag], {
      detached: true,
      // Somebody's folder that is removed or unmounted must not be held by the engine.
      cwd: '/',
      env: engineEnvironment(options.env),
      stdio: ['ignore', log, log, 'pipe'],
    })
    const told = child.stdio[readinessFd] as Readable
    try {
      const readiness = await hear(child, told, options.withinMs)
      switch (readiness?.kind) {
        case 'ready':
        case 'held':
          return readiness.kind
        case 'failed':
          throw recorded(readiness.error)
        case undefined: {
          const tail = readTail(log, logStart)
          const runs = child.pid !== undefined && identifyProcess(child.pid) !== null
          const what = runs ? `The engine was started as process ${child.pid} but is not ready yet.` : 'The engine did not start.'
          throw new MayflyError('host-unavailable', tail === '' ? what : `${what}\n${tail}`, { check: 'engine' }, { next: `Its log is ${logPath}.` })
        }
      }
    } finally {
      told.destroy()
      child.unref()
    }
  } finally {
    closeSync(log)
  }
}

/** What starts an engine that settles what is due and ends when nobody needs it. Throws `host-unavailable` where it is not built. */
export function successorCommand(): string[] {
  return [process.execPath, ...engineFlags, engineProgram(), wokenFlag]
}

/** What the engine says of its start; undefined where it ended, or said nothing, in time. */
function hear(child: ReturnType<typeof spawn>, told: Readable, withinMs: number): Promise<Readiness | undefined> {
  return new Promise((resolve, reject) => {
    let text = ''
    const finish = (): void => {
      clearTimeout(timer)
      try {
        resolve(text === '' ? undefined : (JSON.parse(text) as Readiness))
      } catch {
        resolve(undefined)
      }
    }
    const timer = setTimeout(finish, withinMs)
    told.setEncoding('utf8')
    told.on('data', (chunk: string) => (text += chunk))
    // It closes the pipe when it has told, and the kernel does when it dies.
    told.once('end', finish)
    told.once('error', finish)
    child.once('error', (cause) => {
      clearTimeout(timer)
      reject(new MayflyError('host-unavailable', 'The engine could not be started.', { check: 'engine' }, { cause }))
    })
  })
}

/** The bundled engine: beside the bundle this code is in, or in the checkout's `out/` when run from source. */
function engineProgram(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    for (const candidate of [join(folder, 'engine', 'mayfly-engine.mjs'), join(folder, 'out', 'engine', 'mayfly-engine.mjs')]) {
      if (existsSync(candidate)) return candidate
    }
    const parent = dirname(folder)
    if (parent === folder) break
    folder = parent
  }
  throw new MayflyError('host-unavailable', 'Mayfly\'s engine is not built.', { check: 'engine' }, { next: 'Run npm run build.' })
}

/** What the engine needs to find programs, folders and its user's language; nothing else of a shell it will outlive, such as NODE_OPTIONS or an agent's socket. */
const kept = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|TZ|TMPDIR|LD_LIBRARY_PATH|LC_[A-Z]+|XDG_[A-Z_]+|MAYFLY_[A-Z0-9_]+|QEMU_[A-Z_]+)$/

export function engineEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const clean = Object.fromEntries(Object.entries(env).filter(([name]) => kept.test(name)))
  // Relative to this process's folder, not to the engine's.
  if (clean['MAYFLY_HOME'] !== undefined && clean['MAYFLY_HOME'] !== '') clean['MAYFLY_HOME'] = resolve(clean['MAYFLY_HOME'])
  return clean
}

function readTail(fd: number, from: number): string {
  const size = fstatSync(fd).size
  const bytes = Buffer.alloc(Math.min(tailBytes, Math.max(0, size - from)))
  const read = readSync(fd, bytes, 0, bytes.length, size - bytes.length)
  return bytes.toString('utf8', 0, read).trim()
}

function recorded(record: ErrorRecord): MayflyError {
  return new MayflyError(record.code, record.message, record.details as ErrorDetails[typeof record.code], record.next === null ? {} : { next: record.next })
}
