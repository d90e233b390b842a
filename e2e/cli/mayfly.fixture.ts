/** The bundled `mayfly` as a user runs it: a process of its own, in a Mayfly of the test's own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

export const mayflyBundle = fileURLToPath(new URL('../../out/cli/mayfly.mjs', import.meta.url))

export interface Outcome {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly process: ChildProcessWithoutNullStreams
  /** What it wrote so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Outcome>
}

/** Begins a command; stdin stays open. */
export function begin(env: NodeJS.ProcessEnv, words: readonly string[], cwd?: string): Running {
  return collect(spawn(process.execPath, [mayflyBundle, ...words], { env, cwd }))
}

/** A line of a shell in which `mayfly` is the bundle. */
export function beginShell(env: NodeJS.ProcessEnv, line: string): Running {
  return collect(spawn('bash', ['--norc', '--noprofile', '-c', `mayfly() { "$MAYFLY_NODE" "$MAYFLY_BUNDLE" "$@"; }\n${line}`], { env: { ...env, MAYFLY_NODE: process.execPath, MAYFLY_BUNDLE: mayflyBundle } }))
}

function collect(child: ChildProcessWithoutNullStreams): Running {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  // A command that ends before it has read everything is as it should be.
  child.stdin.on('error', () => undefined)
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8')
  const ended = once(child, 'close').then(([status, signal]) => ({ status: status as number | null, signal: signal as NodeJS.Signals | null, stdout: text(out), stderr: text(err) }))
  return { process: child, stdout: () => text(out), stderr: () => text(err), ended }
}

/** Runs a command to its end, with this on stdin. */
export async function mayfly(env: NodeJS.ProcessEnv, words: readonly string[], { stdin = '', cwd }: { stdin?: string | Buffer; cwd?: string } = {}): Promise<Outcome> {
  const running = begin(env, words, cwd)
  running.process.stdin.end(stdin)
  return running.ended
}

/** A port nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
