/**
 * Starts one QEMU, detached and under its keeper, so that both outlive the engine. The guest's
 * RAM is a descriptor that the engine made and hands over as number 3, with the layers it begins
 * from behind it; nothing else is inherited.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { nativeFolder } from '../../native.ts'

const inheritedRamNumber = 3

/** The path QEMU opens the guest's RAM by. */
export const inheritedRamPath = `/proc/self/fd/${inheritedRamNumber}`

/** The number by which QEMU knows the first of `descriptors`. */
export const firstFurtherDescriptor = inheritedRamNumber + 1

export interface LaunchRequest {
  readonly binary: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Variables that QEMU has and its keeper has not. */
  readonly qemuEnv?: Readonly<Record<string, string>>
  /** Descriptor of the RAM; stays the caller's to close. */
  readonly ramFd: number
  /** Further ones, from `firstFurtherDescriptor` on, in this order; the caller's to close as well. */
  readonly descriptors?: readonly number[]
  /** QEMU's stdout and stderr are appended here. */
  readonly logFile: string
  /** Where the keeper writes how QEMU ended. */
  readonly exitFile: string
  readonly cwd: string
}

export interface LaunchedQemu {
  readonly keeperPid: number
  /** Settles when the keeper, and so QEMU, has ended. Never settles for a later engine, which is not its parent. */
  readonly ended: Promise<void>
}

/** Only what QEMU and its libraries look at; nothing of ours, no secrets of the user's session. */
const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'XDG_RUNTIME_DIR', 'LD_LIBRARY_PATH'] as const

/** Starts QEMU. Throws the system's error where the keeper cannot be started. */
export async function launchQemu(request: LaunchRequest): Promise<LaunchedQemu> {
  const env: Record<string, string> = {}
  for (const name of passedOn) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  const log = openSync(request.logFile, 'a', 0o600)
  let keeper: ChildProcess
  try {
    const given = [request.ramFd, ...(request.descriptors ?? [])]
    keeper = spawn(join(nativeFolder(), 'mayfly-keeper'), [request.exitFile, `--descriptors=${inheritedRamNumber + given.length}`, ...Object.entries(request.qemuEnv ?? {}).map(([name, value]) => `${name}=${value}`), '--', request.binary, ...request.args], {
      detached: true,
      stdio: ['ignore', log, log, ...given],
      env: { ...env, ...request.env },
      cwd: request.cwd,
    })
  } finally {
    closeSync(log)
  }
  const ended = new Promise<void>((resolve) => keeper.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    keeper.once('spawn', resolve)
    keeper.once('error', reject)
  })
  keeper.unref()
  return { keeperPid: keeper.pid ?? 0, ended }
}

/** The end of a text file, at most `bytes`, from a line's beginning where possible. Empty where there is none. */
export async function readTextTail(path: string, bytes: number): Promise<string> {
  let file
  try {
    file = await open(path, 'r')
  } catch {
    return ''
  }
  try {
    const { size } = await file.stat()
    const length = Math.min(size, bytes)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length)
    const text = buffer.subarray(0, bytesRead).toString('utf8')
    const firstLine = text.indexOf('\n')
    return size > length && firstLine !== -1 ? text.slice(firstLine + 1) : text
  } finally {
    await file.close()
  }
}
