/** The `mayfly` command: the process around run.ts. Ends quietly when its reader has gone. */
import { run } from './run.ts'

/** A reader who has seen enough, as in `mayfly list | head -1`, is no failure. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') process.exit(0)
  throw error
}
process.stdout.on('error', endQuietly)
process.stderr.on('error', endQuietly)

const { stdout, stderr, env } = process
/** Stdin is opened by the first look at it; most commands never look. */
const status = await run(process.argv.slice(2), { get stdin() { return process.stdin }, stdout, stderr, env, cwd: process.cwd() })
await Promise.all([stdout, stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))))
process.exit(status)
