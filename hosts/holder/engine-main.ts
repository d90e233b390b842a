/**
 * The detached engine: what a command line that finds no engine starts. It stays while it has
 * obligations and ten minutes after anybody last needed it. One that the waker started has done its
 * work when it has opened, and stays only if somebody comes. Its output is its log.
 *
 * A promise that nobody awaited and that failed leaves only its own work undone: it is logged and
 * the engine goes on. An exception nobody caught leaves a callback half done and the engine's
 * state unknown: it ends. Nothing is lost by that; machines run on and the next engine finds them.
 */
import './without-forms.ts'
import { randomBytes } from 'node:crypto'
import { closeSync, writeSync } from 'node:fs'
import { inspect } from 'node:util'
import { isMayflyError, MayflyError, toErrorRecord } from '../../contract/errors.ts'
import type { EngineLog } from '../../engine/engine-face.ts'
import { CappedLog } from '../../engine/logs/capped-log.ts'
import { resolveFolders } from '../../engine/storage/folders.ts'
import { engineLog } from '../../engine/storage/names.ts'
import { stampProgram } from '../socket/program-stamp.ts'
import { holdEngine } from './hold-engine.ts'
import type { HeldEngine } from './hold-engine.ts'
import { IdleWatch } from './idle-watch.ts'
import { readinessFd, readinessFlag, wokenFlag } from './readiness.ts'
import type { Readiness } from './readiness.ts'

const defaultIdleSeconds = 600
/** How long one stays that nobody asked for. */
const wokenIdleMs = 2_000
/** An engine that cannot let go in this time ends anyway. */
const closeWithinMs = 10_000
const logCapBytes = 1024 * 1024

const log: EngineLog = {
  info: (sentence) => writeLine(sentence),
  bug: (reference, error) => writeLine(`[${reference}] ${inspect(error, { depth: 4 })}`),
}

let held: HeldEngine | null = null
let idle: IdleWatch | undefined
let isNeeded = !process.argv.includes(wokenFlag)
let ending = false

process.on('unhandledRejection', (reason) => log.bug(newReference(), reason))
process.on('uncaughtException', (error) => {
  log.bug(newReference(), error)
  process.exit(1)
})
process.on('SIGTERM', () => end('asked by a signal'))
process.on('SIGINT', () => end('asked by a signal'))
// It has no terminal to lose.
process.on('SIGHUP', () => log.info('SIGHUP was ignored.'))

await main()

async function main(): Promise<void> {
  const folders = resolveFolders()
  const capped = new CappedLog(engineLog(folders), { capBytes: logCapBytes, keepBytes: logCapBytes / 2 })
  try {
    held = await holdEngine({
      folders,
      holder: 'cli',
      log,
      program: stampProgram(process.argv[1] ?? ''),
      onShutdownRequest: () => end('asked by a client'),
      onConnections: () => {
        if (isNeeded) return idle?.touch()
        isNeeded = true
        watchIdle()
      },
    })
  } catch (error) {
    const reference = newReference()
    log.bug(reference, error)
    tell({ kind: 'failed', error: toErrorRecord(isMayflyError(error) ? error : startFailure(reference)) })
    process.exit(1)
  }
  if (held === null) {
    tell({ kind: 'held' })
    process.exit(0)
  }
  capped.start()
  watchIdle()
  log.info(`The engine runs as process ${process.pid}${isNeeded ? '' : ', started because something was due'}.`)
  tell({ kind: 'ready' })
}

function watchIdle(): void {
  idle?.stop()
  idle = new IdleWatch({
    idleMs: isNeeded ? idleSeconds() * 1000 : wokenIdleMs,
    isBusy: () => held?.face.isSettling() === true || isNeeded && ((held?.server.connections ?? 0) > 0 || (held?.face.obligations() ?? []).length > 0),
    onIdle: () => end('nobody needed it'),
  })
}

/** Ends in good order. The request that asked for it is answered first. */
function end(why: string): void {
  if (ending) return
  ending = true
  log.info(`The engine ends: ${why}. Machines run on.`)
  idle?.stop()
  setTimeout(() => {
    log.info('Letting go took too long; the engine ends as it is.')
    process.exit(1)
  }, closeWithinMs).unref()
  setImmediate(() => {
    Promise.resolve(held?.close()).then(
      () => process.exit(0),
      (error: unknown) => {
        log.bug(newReference(), error)
        process.exit(1)
      },
    )
  })
}

function idleSeconds(): number {
  const seconds = Number(process.env['MAYFLY_IDLE_SECONDS'] ?? defaultIdleSeconds)
  return Number.isFinite(seconds) && seconds > 0 ? seconds : defaultIdleSeconds
}

function startFailure(reference: string): MayflyError {
  return new MayflyError('bug', 'The engine could not start; this is a fault of Mayfly.', { reference }, { next: `Its log tells more under ${reference}.` })
}

function newReference(): string {
  return randomBytes(4).toString('hex')
}

function tell(readiness: Readiness): void {
  if (!process.argv.includes(readinessFlag)) return
  try {
    writeSync(readinessFd, JSON.stringify(readiness))
    closeSync(readinessFd)
  } catch {
    log.info('Nobody waits to hear how the start went.')
  }
}

function writeLine(text: string): void {
  try {
    writeSync(2, `${new Date().toISOString()} ${text}\n`)
  } catch {
    // A full disk must not end the engine; the log is what can be spared.
  }
}
