/** The `mayfly` command: the process around run.ts. Ends quietly when its reader has gone, and never with a stack trace. */
import { MayflyError } from '../../contract/errors.ts'
import type { Io } from './io.ts'
import { reportError } from './report-error.ts'
import { run } from './run.ts'

const { stdout, stderr, env } = process
/** Stdin is opened by the first look at it; most commands never look. */
const io: Io = { get stdin() { return process.stdin }, stdout, stderr, env, cwd: process.cwd() }
const told = { json: process.argv.includes('--json'), noColor: process.argv.includes('--no-color') }

function fail(error: unknown): void {
  process.exit(reportError(error, io, told))
}

function endAtBrokenOutput(error: NodeJS.ErrnoException): void {
  // A reader who has seen enough, as in `mayfly list | head -1`, is no failure.
  if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') process.exit(0)
  fail(error.code === 'ENOSPC' ? new MayflyError('no-space', 'The output cannot be written: there is no space.', { path: 'stdout', needed: null, free: null }, { cause: error }) : error)
}

stdout.on('error', endAtBrokenOutput)
stderr.on('error', () => process.exit(1))
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)

const status = await run(process.argv.slice(2), io)
await Promise.all([stdout, stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))))
process.exit(status)
