/**
 * Runs the distribution's own tools (apt, dpkg, decompressors) for the image builder. A tool
 * never outlives the call: the caller's signal kills it, and its words are kept for the error.
 */
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { statfs } from 'node:fs/promises'
import process from 'node:process'
import type { Readable } from 'node:stream'
import { MayflyError } from '../../../contract/errors.ts'
import { isNodeError } from './node-error.ts'

interface ToolOptions {
  readonly signal?: AbortSignal | undefined
  readonly cwd?: string
  readonly input?: Buffer
  /** Lines that the tool writes to its descriptor 3. */
  readonly onStatusLine?: (line: string) => void
}

export interface ToolResult {
  readonly exitCode: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

const stderrTailBytes = 4096
/** Tools tell a full disk in words only; a failure with less room than this is put down to it. */
const roomForAnyToolBytes = 32 * 1024 * 1024

/** Any exit status is a result. Throws `unsupported` where there is no such tool, `cancelled`. */
export async function tryTool(tool: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  throwIfAborted(options.signal)
  const child = spawn(tool, args, {
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['pipe', 'pipe', 'pipe', options.onStatusLine === undefined ? 'ignore' : 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  options.signal?.addEventListener('abort', kill, { once: true })
  const stdout: Buffer[] = []
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-stderrTailBytes)
  })
  readLines(child.stdio[3], options.onStatusLine)
  // A tool that has failed reads no more; its exit status says so.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(options.input)
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    throwIfAborted(options.signal)
    return { exitCode, stdout: Buffer.concat(stdout), stderr }
  } catch (error) {
    if (!isNodeError(error, 'ENOENT')) throw error
    throw new MayflyError('unsupported', `The program "${tool}" is needed to build the tiny image and is not installed.`, { needs: tool, have: 'nothing' }, { cause: error })
  } finally {
    options.signal?.removeEventListener('abort', kill)
  }
}

/** As `tryTool`, but a failure is thrown: `no-space`, else `job-failed` with the tool's last words. */
export async function runTool(tool: string, args: readonly string[], options: ToolOptions = {}): Promise<Buffer> {
  const result = await tryTool(tool, args, options)
  if (result.exitCode === 0) return result.stdout
  const lastWords = result.stderr.trim().split('\n').slice(-3).join(' ')
  if (options.cwd !== undefined) {
    const { bavail, bsize } = await statfs(options.cwd)
    const details = { path: options.cwd, needed: null, free: bavail * bsize }
    if (details.free < roomForAnyToolBytes) throw new MayflyError('no-space', `The tiny image was not built because the disk is full: ${lastWords}`, details)
  }
  throw new MayflyError('job-failed', `The tiny image was not built because "${tool}" failed: ${lastWords || 'it said nothing.'}`, { job: 'image.build' })
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new MayflyError('cancelled', 'Building the tiny image was cancelled; nothing was left behind.', {})
}

function readLines(stream: unknown, onLine: ((line: string) => void) | undefined): void {
  if (onLine === undefined || stream === null || stream === undefined) return
  let rest = ''
  const readable = stream as Readable
  readable.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
}
