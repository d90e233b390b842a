/**
 * The engine's side of `mayfly-waker`: writes down what must happen although no engine may be
 * there, and sees to it that a waker is there as long as that is anything. The waker starts a
 * successor of the engine; what is due is done by that.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineLog } from '../../engine/engine-face.ts'
import type { Promises } from '../../engine/fork/promises.ts'
import { loadNative, nativeFolder } from '../../engine/native.ts'
import { hasArgument, identifyProcess, signalProcess } from '../../engine/qemu/process/process-identity.ts'
import type { Folders } from '../../engine/storage/folders.ts'
import { engineLock, engineLog, promisesFile, wakerLock } from '../../engine/storage/names.ts'
import { engineEnvironment } from './start-engine.ts'

interface WakerOptions {
  readonly folders: Folders
  readonly log: EngineLog
  /** What starts an engine; asked when there is something to be promised. */
  readonly successor: () => readonly string[]
}

/** Runs come in rows: a waker that has nothing to wait for is kept for the next this long. */
const keptForMs = 60_000
/** One that was told to end may hold its lock yet; what is promised meanwhile needs another. */
const endsWithinMs = 250

export class Waker {
  readonly #options: WakerOptions
  #child: ChildProcess | null = null
  /** Null: this engine has not said anything yet, and what an earlier one promised stands. */
  #hasPromises: boolean | null = null
  #timer: NodeJS.Timeout | null = null
  #toldToEndAt = Number.NEGATIVE_INFINITY

  constructor(options: WakerOptions) {
    this.#options = options
  }

  /** Writes down what is promised now. Throws the system's error where it cannot be written. */
  note({ ends, isUnsettled }: Promises): void {
    const { folders, successor } = this.#options
    this.#hasPromises = ends.length > 0 || isUnsettled
    this.#wait(null)
    if (!this.#hasPromises) {
      rmSync(promisesFile(folders), { force: true })
      this.#wait(keptForMs)
      return
    }
    const command = successor()
    const fields = [
      'mayfly-promises', '1', 'command', String(command.length), ...command,
      ...ends.flatMap(({ at, pidFile, eventLog }) => [
        // Rounded up: an engine that comes too early finds nothing to do.
        ...(at === null ? [] : ['at', String(Math.ceil(at.getTime() / 1000)), eventLog]),
        ...(pidFile === null ? [] : ['process', pidFile, eventLog]),
      ]),
      ...(isUnsettled ? ['unsettled'] : []),
    ]
    const aside = `${promisesFile(folders)}.new`
    writeFileSync(aside, fields.map((field) => `${field}\0`).join(''), { mode: 0o600 })
    renameSync(aside, promisesFile(folders))
    this.#ensure()
  }

  /** This engine ends: without promises no waker stays. */
  close(): void {
    this.#wait(null)
    if (this.#hasPromises === false) endWaker(this.#options.folders)
  }

  #ensure(): void {
    const { folders, log } = this.#options
    if (this.#child !== null || isWakerThere(folders)) {
      if (performance.now() - this.#toldToEndAt < endsWithinMs) this.#timer = setTimeout(() => this.#ensure(), endsWithinMs).unref()
      return
    }
    // Steps at which a test ends this engine are not its successor's.
    const { MAYFLY_DIE_AT: _die, MAYFLY_HALT_AT: _halt, ...env } = engineEnvironment(process.env)
    const child = spawn(join(nativeFolder(), 'mayfly-waker'), [promisesFile(folders), engineLock(folders), wakerLock(folders), engineLog(folders)], { detached: true, cwd: '/', env, stdio: 'ignore' })
    const forget = (): void => {
      if (this.#child === child) this.#child = null
    }
    child.once('error', (error) => {
      forget()
      log.info(`The waker could not be started; what is promised is done by the next engine: ${error.message}`)
    })
    child.once('exit', forget)
    child.unref()
    this.#child = child
  }

  /** Ends the waker after this time where nothing is promised by then. */
  #wait(ms: number | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = ms === null ? null : setTimeout(() => {
      endWaker(this.#options.folders)
      this.#child = null
      this.#toldToEndAt = performance.now()
    }, ms).unref()
  }
}

/** Ends the waker of this data folder, if one is there, and what it waited for is forgotten. To be called by whoever holds the engine. */
export function endWaker(folders: Folders): void {
  rmSync(promisesFile(folders), { force: true })
  if (!isWakerThere(folders)) return
  const pid = Number(readFileSync(wakerLock(folders), 'utf8'))
  // Its number may be somebody else's by now; the path among its arguments is not.
  const waker = Number.isInteger(pid) && pid > 0 && hasArgument(pid, promisesFile(folders)) ? identifyProcess(pid) : null
  if (waker !== null) signalProcess(waker, 'SIGTERM')
}

function isWakerThere(folders: Folders): boolean {
  const fd = openSync(wakerLock(folders), constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  try {
    return !loadNative().flockExclusive(fd)
  } finally {
    closeSync(fd)
  }
}
