/** A machine's logs as text: what its guest wrote on serial, what QEMU wrote, what was said on the monitor, what happened. */
import { CappedLog } from '../logs/capped-log.ts'
import { followLog } from '../logs/follow-log.ts'
import { readTail } from '../logs/read-tail.ts'
import type { MachineCore } from './machine-core.ts'

export type LogSource = 'serial' | 'qemu' | 'qmp' | 'events'

export interface LogPiece {
  readonly text: string
  readonly skippedBytes: number
}

/** The end of a log. */
export async function readLog(core: MachineCore, source: LogSource, tailBytes: number): Promise<{ text: string; truncated: boolean }> {
  if (source === 'qmp') {
    const text = core.conversation.entries().map(formatEntry).join('')
    return { text: text.slice(-tailBytes), truncated: text.length > tailBytes }
  }
  return readTail(logPath(core, source), tailBytes)
}

/** The end of a log and then what is added to it, until `signal` aborts. */
export async function* followMachineLog(core: MachineCore, source: LogSource, options: { readonly tailBytes: number; readonly thisBootOnly: boolean }, signal: AbortSignal | undefined): AsyncGenerator<LogPiece, void, undefined> {
  if (source === 'qmp') {
    for await (const entry of core.conversation.follow(signal ?? new AbortController().signal)) {
      yield 'missed' in entry ? { text: '', skippedBytes: entry.missed } : { text: formatEntry(entry), skippedBytes: 0 }
    }
    return
  }
  const log = source === 'serial' && core.live !== null ? core.live.serial.log : new CappedLog(logPath(core, source))
  yield* followLog(log, { ...options, ...(signal === undefined ? {} : { signal }) })
}

function logPath(core: MachineCore, source: Exclude<LogSource, 'qmp'>): string {
  switch (source) {
    case 'serial':
      return core.names.serialLog
    case 'qemu':
      return core.names.qemuLog
    case 'events':
      return core.names.eventLog
    default:
      return source satisfies never
  }
}

function formatEntry(entry: { wallTimeMs: number; direction: 'sent' | 'received'; text: string }): string {
  return `${new Date(entry.wallTimeMs).toISOString()} ${entry.direction === 'sent' ? '->' : '<-'} ${entry.text}\n`
}
