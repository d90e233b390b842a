/** An engine whose answers a test writes, behind the real socket, and streams that keep what a command wrote. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { implement } from '@orpc/server'
import { contract } from '../../contract/contract.ts'
import type { MachineId } from '../../contract/ids.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import type { EngineRouter } from '../../engine/engine-face.ts'
import { resolveFolders } from '../../engine/storage/folders.ts'
import { engineSocket } from '../../engine/storage/names.ts'
import { StreamDesk } from '../../engine/streams/stream-desk.ts'
import { serveSocket } from '../socket/server.ts'
import type { Io } from './io.ts'
import { run } from './run.ts'

export const os = implement(contract)

export interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  /** What stdin holds, and then ends. Absent: nothing, ended. */
  readonly stdin?: string | PassThrough
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly terminal?: boolean
}

export interface ScriptedEngine {
  readonly home: string
  readonly streams: StreamDesk
  mayfly(words: readonly string[], options?: RunOptions): Promise<Outcome>
  close(): Promise<void>
}

/** Runs one command line with streams of its own. */
export async function runMayfly(words: readonly string[], { stdin = '', cwd = tmpdir(), env = {}, terminal = false }: RunOptions = {}): Promise<Outcome> {
  const collect = (): { stream: PassThrough; text: () => string } => {
    const stream = new PassThrough()
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    return { stream, text: () => Buffer.concat(chunks).toString('utf8') }
  }
  const input = typeof stdin === 'string' ? new PassThrough().end(stdin) : stdin
  const out = collect()
  const err = collect()
  const marks = terminal ? { isTTY: true, columns: 80, rows: 24 } : {}
  const io: Io = { stdin: Object.assign(input, marks), stdout: Object.assign(out.stream, marks), stderr: Object.assign(err.stream, marks), env, cwd }
  const status = await run(words, io)
  return { status, stdout: out.text(), stderr: err.text() }
}

/** Serves what `router` implements; the rest of the contract answers as unknown. */
export async function scriptedEngine(makeRouter: (streams: StreamDesk) => object): Promise<ScriptedEngine> {
  const home = mkdtempSync(join(tmpdir(), 'mayfly-cli-'))
  const env = { MAYFLY_HOME: home }
  const folders = resolveFolders(env)
  mkdirSync(folders.runtime, { recursive: true, mode: 0o700 })
  const streams = new StreamDesk()
  const log = { info: () => undefined, bug: () => undefined }
  const face = { router: makeRouter(streams) as EngineRouter, streams, obligations: () => [], isSettling: () => false, close: () => Promise.resolve() }
  const server = await serveSocket({ face, path: engineSocket(folders), identity: { version: '0', pid: process.pid, holder: 'test' }, log, onShutdown: () => undefined })
  return {
    home,
    streams,
    mayfly: (words, options = {}) => runMayfly(words, { ...options, env: { ...env, ...options.env } }),
    close: async () => {
      await server.close()
      streams.close()
      rmSync(home, { recursive: true })
    },
  }
}

export function summaryOf(changes: Partial<MachineSummary> = {}): MachineSummary {
  return {
    id: 'm00000000001' as MachineId, place: 'local', name: 'web', state: 'running', pausedBy: null, stateReason: null, cpus: 2, memoryMiB: 1024,
    pid: 4000, startedAt: '2026-01-01T00:00:00.000Z', uptimeSeconds: 3725, tags: [], notes: '', profile: 'paravirtual', forwards: [], agent: 'off', pendingChanges: 0,
    createdAt: '2026-01-01T00:00:00.000Z', role: 'machine', origin: null, throwaway: false, expiresAt: null, checkpoints: 0, bootPhase: null, usualBootSeconds: null, restartsInMinute: 0, ...changes,
  }
}
