/**
 * Runs qemu-img, the one place that does. It never guesses a format and opens nothing that the
 * caller did not name; what it reads may come from anywhere, so it runs with limits.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { MayflyError } from '../../../contract/errors.ts'
import { freeBytes } from '../../storage/atomic-file.ts'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'

export interface QemuImgOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with each part of stdout. */
  readonly onOutput?: (text: string) => void
  /** The file it writes, if it writes one: a failure is then looked at for a full disk. */
  readonly writes?: string
  /** Processor time after which it is ended. */
  readonly cpuSeconds?: number
  /** Exit statuses that are an answer and not a failure. */
  readonly expectedStatuses?: readonly number[]
}

export interface QemuImgResult {
  readonly exitStatus: number
  readonly stdout: string
}

/** A hostile image can ask for huge tables; qemu-img needs far less than this for sound ones. */
const addressSpaceBytes = 4 * 1024 * 1024 * 1024
const prlimit = ['/usr/bin/prlimit', '/bin/prlimit'].find((path) => existsSync(path)) ?? null
const tailLength = 4096
/** With less free than this, a write that failed is taken to have failed for lack of space. */
const nearlyFullBytes = 1024 * 1024

/** Runs it to its end. Throws `host-unavailable` where it is missing, `no-space`, `cancelled`, and `job-failed` with its words otherwise. */
export async function runQemuImg(installation: QemuInstallation, args: readonly string[], options: QemuImgOptions = {}): Promise<QemuImgResult> {
  const { imgBinary } = installation
  if (imgBinary === null) throw new MayflyError('host-unavailable', 'qemu-img is not installed.', { check: 'qemu-img' }, { next: 'Install qemu-utils (Debian, Ubuntu) or qemu-img (Fedora).' })
  const isAborted = (): boolean => options.signal?.aborted === true
  if (isAborted()) throw cancelled()
  const limits = prlimit === null ? [] : [prlimit, `--as=${addressSpaceBytes}`, `--cpu=${options.cpuSeconds ?? 120}`, '--core=0', '--']
  const [program = imgBinary, ...rest] = [...limits, imgBinary, ...args]
  const child = spawn(program, rest, { env: { ...process.env, ...installation.env, LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(-1024 * 1024)
    options.onOutput?.(text)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-tailLength)
  })
  const abort = (): void => {
    child.kill('SIGKILL')
  }
  options.signal?.addEventListener('abort', abort, { once: true })
  try {
    const { status, signal } = await new Promise<{ status: number | null; signal: string | null }>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, killedBy) => resolve({ status: code, signal: killedBy }))
    })
    if (status !== null && (status === 0 || options.expectedStatuses?.includes(status) === true)) return { exitStatus: status, stdout }
    if (isAborted()) throw cancelled()
    throw await failure(args[0] ?? '', status, signal, stderr, options.writes)
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
}

async function failure(command: string, status: number | null, signal: string | null, stderr: string, writes: string | undefined): Promise<MayflyError> {
  const free = writes === undefined ? null : await freeBytes(dirname(writes))
  if (writes !== undefined && free !== null && free < nearlyFullBytes) {
    return new MayflyError('no-space', `There is no space left to write ${writes}.`, { path: writes, needed: null, free }, { next: 'Free some space and try again.' })
  }
  const lastLine = stderr.trim().split('\n').at(-1)?.replace(/^qemu-img: /, '') ?? ''
  const how = signal === null ? `exit status ${status ?? 'unknown'}` : `ended by ${signal}, perhaps at its limits`
  return new MayflyError('job-failed', `qemu-img ${command} failed (${how}).${lastLine === '' ? '' : ` It said: ${lastLine}`}`, { job: `qemu-img ${command}` })
}

function cancelled(): MayflyError {
  return new MayflyError('cancelled', 'qemu-img was told to stop.', {})
}
