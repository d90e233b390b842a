/**
 * Runs qemu-img, the only way in: always with an explicit format, on absolute paths, under
 * limits, tied to this process. An image from outside is read by `image-header.ts` before it
 * comes here; the limits are for what a header does not show.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { MayflyError } from '../../../contract/errors.ts'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { tiedToParent } from '../process/tied-command.ts'

export interface ImgRunOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with the share done, 0 to 1, for commands that were given `-p`. */
  readonly onProgress?: (share: number) => void
  /** CPU time; the default is for commands that only touch an image's metadata. */
  readonly cpuSeconds?: number
}

export interface ImgExit {
  /** Null when a signal ended it: a limit, or somebody's kill. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly output: string
  readonly stderrTail: string
}

const prlimit = '/usr/bin/prlimit'
const metadataCpuSeconds = 60
/** Libraries take a quarter of it; the tables of a disk of many TiB the rest. */
const addressSpaceBytes = 2 * 1024 ** 3
const stderrTailLength = 4096
const longestOutput = 4 * 1024 * 1024

/**
 * Runs qemu-img to its end and returns how it ended; the caller judges the exit code.
 *
 * @throws MayflyError 'host-unavailable' when there is no qemu-img, 'cancelled' after `signal`.
 */
export async function runQemuImg(installation: QemuInstallation, imgArguments: readonly string[], options: ImgRunOptions = {}): Promise<ImgExit> {
  const { signal, onProgress, cpuSeconds = metadataCpuSeconds } = options
  const { imgBinary } = installation
  if (imgBinary === null || !existsSync(imgBinary)) throw new MayflyError('host-unavailable', 'qemu-img is not installed.', { check: 'qemu-img' }, { next: 'Run mayfly doctor.' })
  const isAborted = (): boolean => signal?.aborted === true
  if (isAborted()) throw cancelled()
  const { program, args } = tiedToParent(limited(imgBinary, imgArguments, cpuSeconds))
  const child = spawn(program, args, { env: { ...process.env, ...installation.env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let stderrTail = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (onProgress === undefined) output = (output + text).slice(0, longestOutput)
    else reportProgress(text, onProgress)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-stderrTailLength)
  })
  const kill = (): void => void child.kill('SIGKILL')
  signal?.addEventListener('abort', kill)
  try {
    const exit = await new Promise<ImgExit>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (exitCode, exitSignal) => resolve({ exitCode, signal: exitSignal, output, stderrTail }))
    })
    if (isAborted()) throw cancelled()
    return exit
  } finally {
    signal?.removeEventListener('abort', kill)
  }
}

/** The whole path, or a bug: a relative one could be taken for an option, a protocol or a person's string. */
export function requireAbsolute(path: string): string {
  if (!isAbsolute(path)) throw new Error(`qemu-img was given the relative path ${path}.`)
  return path
}

/** How qemu-img failed, with its own last words for people. */
export function imgFailed(what: string, { exitCode, signal, stderrTail }: ImgExit): MayflyError<'job-failed'> {
  const words = stderrTail.trim().split('\n').at(-1)?.replace(/^qemu-img: /, '') ?? ''
  const how = signal === null ? `exit status ${exitCode}` : `ended by ${signal}, perhaps at its limits`
  return new MayflyError('job-failed', `qemu-img could not ${what} (${how}).${words === '' ? '' : ` It said: ${words}`}`, { job: `qemu-img: ${what}` })
}

/** No core dumps: they would hold a guest's data. */
function limited(program: string, args: readonly string[], cpuSeconds: number): { program: string; args: readonly string[] } {
  if (!existsSync(prlimit)) return { program, args }
  return { program: prlimit, args: [`--as=${addressSpaceBytes}`, `--cpu=${cpuSeconds}`, '--core=0', '--', program, ...args] }
}

/** `-p` writes `    (12.34/100%)` and a carriage return, over and over. */
function reportProgress(text: string, onProgress: (share: number) => void): void {
  const last = [...text.matchAll(/\((\d+(?:\.\d+)?)\/100%\)/g)].at(-1)?.[1]
  if (last !== undefined) onProgress(Number(last) / 100)
}

function cancelled(): MayflyError<'cancelled'> {
  return new MayflyError('cancelled', 'The work on the image was cancelled.', {})
}
