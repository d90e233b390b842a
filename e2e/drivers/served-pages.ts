/** `mayfly serve` as a process, and the Chromium to look at it with, for tests and for the bench. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export interface ServedPages {
  /** With the token that opens them once. */
  readonly address: string
  readonly port: number
  readonly pid: number
  readonly stderr: () => string
  /** Ends the server; machines run on. */
  close(): Promise<void>
}

/** The one MAYFLY_CHROMIUM names, else the distribution's. */
export function chromiumProgram(): string {
  const program = process.env['MAYFLY_CHROMIUM'] ?? installed.find((path) => existsSync(path))
  if (program === undefined) throw new Error('Chromium is not installed.')
  return program
}

/** `command`: the bundled command line. Resolves when it listens. */
export async function servePages(command: string, env: NodeJS.ProcessEnv): Promise<ServedPages> {
  const serve = spawn(process.execPath, [command, 'serve', '--port', '0', '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(serve, 'exit')
  let stderr = ''
  serve.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const close = async (): Promise<void> => {
    serve.kill('SIGTERM')
    await ended
  }
  try {
    const announced = await readAnnouncement(serve.stdout, ended, () => stderr)
    return { ...announced, pid: serve.pid ?? 0, stderr: () => stderr, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function readAnnouncement(stdout: NodeJS.ReadableStream, ended: Promise<unknown>, stderr: () => string): Promise<{ readonly address: string; readonly port: number }> {
  let text = ''
  stdout.setEncoding('utf8')
  const end = ended.then(() => Promise.reject(new Error(`mayfly serve ended at once: ${stderr()}`)))
  end.catch(() => undefined)
  for (;;) {
    const [chunk] = (await Promise.race([once(stdout, 'data'), end])) as [string]
    text += chunk
    if (text.trimEnd().endsWith('}')) {
      const { address, port } = JSON.parse(text) as { address: string; port: number }
      return { address, port }
    }
  }
}
