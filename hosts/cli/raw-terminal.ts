/**
 * Takes the user's terminal into raw mode and always gives it back: when the command ends, when
 * the process is told to end, and when it fails.
 */
import { spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import type { Io } from './io.ts'

/** Mouse reports and bracketed paste off, cursor shown, colours as they were: what a guest may have left behind. */
const calm = '\u{1b}[?1000l\u{1b}[?1002l\u{1b}[?1003l\u{1b}[?1006l\u{1b}[?2004l\u{1b}[?25h\u{1b}[0m'

/** Enters raw mode. The answer gives the terminal back; calling it twice does no harm. */
export function takeTerminal(io: Io): () => void {
  const { stdin, stdout } = io
  if (stdin.isTTY !== true || stdin.setRawMode === undefined) return () => undefined
  stdin.setRawMode(true)
  // Node's raw mode still turns LF into CRLF, which breaks full-screen programs: theirs are the line ends.
  if (stdin === process.stdin) spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] })
  let taken = true
  const giveBack = (): void => {
    if (!taken) return
    taken = false
    process.off('exit', giveBack)
    for (const [signal, end] of enders) process.off(signal, end)
    stdin.setRawMode?.(false)
    if (stdout.isTTY === true) stdout.write(calm)
  }
  const enders = (['SIGTERM', 'SIGHUP'] as const).map((signal) => [signal, () => {
    giveBack()
    process.exit(128 + constants.signals[signal])
  }] as const)
  process.once('exit', giveBack)
  for (const [signal, end] of enders) process.once(signal, end)
  return giveBack
}
