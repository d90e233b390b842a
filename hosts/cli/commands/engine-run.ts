/** `mayfly engine run`: holds the engine in the foreground, for services and the curious. It stays until it is asked to end. */
import { randomBytes } from 'node:crypto'
import { MayflyError } from '../../../contract/errors.ts'
import { resolveFolders } from '../../../engine/storage/folders.ts'
import { holdEngine } from '../../holder/hold-engine.ts'
import type { Call } from '../command-line.ts'
import { type Io, tell } from '../io.ts'
import { safeLine } from '../safe-text.ts'

/** Throws `conflict` where another process holds the engine of this data folder. */
export async function engineRunCommand(call: Call, io: Io): Promise<number> {
  let end: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    end = resolve
  })
  const say = (sentence: string): void => {
    if (!call.globals.quiet) tell(io, safeLine(sentence))
  }
  const logBug = (reference: string, error: unknown): void => tell(io, `[${reference}] ${safeLine(error instanceof Error ? (error.stack ?? error.message) : String(error))}`)
  const held = await holdEngine({ folders: resolveFolders(io.env), holder: 'cli', log: { info: say, bug: logBug }, onShutdownRequest: end })
  if (held === null) throw new MayflyError('conflict', 'Another process holds the engine.', { state: 'held', allowed: ['free'] }, { next: 'End it with mayfly engine stop; machines run on.' })
  // What nobody awaited leaves only its own work undone.
  process.on('unhandledRejection', (reason) => logBug(randomBytes(4).toString('hex'), reason))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end)
  say(`The engine runs as process ${process.pid}; Ctrl-C ends it, machines run on.`)
  await asked
  await held.close()
  return 0
}
