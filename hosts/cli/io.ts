/** The process's streams and environment, handed to every command, so that a command can be run on others. */
import type { ReadStream, WriteStream } from 'node:tty'
import type { EngineConnection } from '../../engine/engine-face.ts'
import type { Call } from './command-line.ts'
import { type Style, styleFor } from './style.ts'

export interface Io {
  readonly stdin: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode' | 'unref'>>
  readonly stdout: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>
  readonly stderr: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
}

/** What a command's code is given. */
export interface CommandContext {
  readonly call: Call
  readonly io: Io
  readonly connection: EngineConnection
}

export function stdoutStyle({ io, call }: Pick<CommandContext, 'io' | 'call'>): Style {
  return styleFor(io.stdout, io.env, call.globals.noColor)
}

/** One sentence for the person at the terminal, beside the output. */
export function tell(io: Io, sentence: string): void {
  io.stderr.write(`${sentence}\n`)
}

/** What the engine answered, unchanged. */
export function printJson(io: Io, output: unknown): void {
  io.stdout.write(`${JSON.stringify(output, null, 2)}\n`)
}

/** Writes, and waits where the reader is slower. */
export function writeOut(stream: NodeJS.WritableStream, bytes: Uint8Array | string): Promise<void> {
  return new Promise((resolve) => {
    if (stream.write(bytes)) return resolve()
    const goOn = (): void => {
      stream.off('drain', goOn).off('close', goOn)
      resolve()
    }
    stream.on('drain', goOn).on('close', goOn)
  })
}
