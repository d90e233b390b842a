/** The output of a run with several cells: whole lines, each preceded by which cell it is of. */
import type { Duplex } from 'node:stream'
import { MayflyError } from '../../contract/errors.ts'
import { encodeExecFrame, type ExecFrame, ExecFrameDecoder } from '../../contract/exec-frame.ts'
import type { Run } from '../../contract/run.ts'
import type { ErrorRecord } from '../../contract/errors.ts'
import { recordedError } from './failure.ts'
import { type Io, tell, writeOut } from './io.ts'
import { cellLabel } from './views/run-view.ts'

/** A line without an end is shown in pieces of this size. */
const longestLineBytes = 64 * 1024

type Kind = 'stdout' | 'stderr'

/** Passes lines on until the run is over; Ctrl-C asks it to end, the second leaves. Answers with the run's exit status. Throws `host-unavailable` where the connection breaks. */
export async function passOnMany(stream: Duplex, run: Run, io: Io): Promise<number> {
  const width = Math.max(...run.cells.map((cell) => cellLabel(run, cell).length))
  const lines = new Map<string, Buffer>()
  const lineOut = (cell: number, kind: Kind, line: Buffer): Promise<void> => {
    const label = run.cells[cell] === undefined ? String(cell) : cellLabel(run, run.cells[cell])
    return writeOut(kind === 'stdout' ? io.stdout : io.stderr, Buffer.concat([Buffer.from(`${label.padEnd(width)} | `), line]))
  }
  const take = async (cell: number, kind: Kind, payload: Uint8Array): Promise<void> => {
    const key = `${cell} ${kind}`
    let rest = Buffer.concat([lines.get(key) ?? Buffer.alloc(0), payload])
    for (let end = rest.indexOf(10); end !== -1 || rest.length > longestLineBytes; end = rest.indexOf(10)) {
      const cut = end === -1 ? longestLineBytes : end + 1
      await lineOut(cell, kind, end === -1 ? Buffer.concat([rest.subarray(0, cut), Buffer.from('\n')]) : rest.subarray(0, cut))
      rest = rest.subarray(cut)
    }
    lines.set(key, rest)
  }
  const flush = async (): Promise<void> => {
    for (const [key, rest] of lines) {
      const [cell = '0', kind] = key.split(' ')
      if (rest.length > 0) await lineOut(Number(cell), kind === 'stderr' ? 'stderr' : 'stdout', Buffer.concat([rest, Buffer.from('\n')]))
    }
    lines.clear()
  }

  let leave: (error: Error) => void = () => undefined
  const left = new Promise<never>((_resolve, reject) => {
    leave = reject
  })
  let asked = 0
  const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const).map((signal) => [signal, () => {
    if (++asked > 1) return leave(new MayflyError('cancelled', 'Left. The engine ends the run and deletes its machines.', {}))
    if (signal === 'SIGINT') tell(io, 'Ending the run. Ctrl-C again leaves without waiting.')
    if (stream.writable) stream.write(encodeExecFrame('signal', Buffer.from(signal, 'ascii')))
  }] as const)
  for (const [signal, handler] of handlers) process.on(signal, handler)
  stream.on('error', () => undefined)
  stream.write(encodeExecFrame('stdin'))
  try {
    return await Promise.race([receive(stream, take), left])
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler)
    await flush()
  }
}

async function receive(stream: Duplex, take: (cell: number, kind: Kind, payload: Uint8Array) => Promise<void>): Promise<number> {
  const decoder = new ExecFrameDecoder()
  let cell = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (const frame of decoder.push(chunk)) {
        if (frame.kind === 'stdout' || frame.kind === 'stderr') await take(cell, frame.kind, frame.payload)
        else if (frame.kind === 'cell') cell = json<{ cell: number }>(frame).cell
        else if (frame.kind === 'exit') return json<{ exitStatus: number | null }>(frame).exitStatus ?? 1
        else if (frame.kind === 'error') throw recordedError(json<ErrorRecord>(frame))
      }
    }
  } catch (error) {
    if (error instanceof MayflyError) throw error
  }
  throw new MayflyError('host-unavailable', 'The connection to the engine ended before the run did.', { check: 'engine' })
}

function json<T>({ payload }: ExecFrame): T {
  return JSON.parse(Buffer.from(payload).toString('utf8')) as T
}
