/** Asks for a secret without showing it; takes a line of a pipe where stdin is one. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Io } from './io.ts'

export function askHidden(question: string, io: Io): Promise<string> {
  const terminal = io.stdin.isTTY === true
  if (terminal) io.stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: io.stdin, output: nowhere, terminal })
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(line)
      lines.close()
    })
    lines.once('SIGINT', () => lines.close())
    lines.once('close', () => {
      if (terminal) io.stderr.write('\n')
      resolve('')
    })
  })
}
