/** A display of our own, so that windows of tests and of the bench neither need a screen nor appear on somebody's. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface VirtualDisplay {
  /** `:99`. */
  readonly name: string
  close(): Promise<void>
}

/** `density`: how much larger it is for windows that draw everything larger. */
export async function openDisplay(density = 1): Promise<VirtualDisplay> {
  const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', `${Math.ceil(1600 * density)}x${Math.ceil(1100 * density)}x24`, '-nolisten', 'tcp', '-noreset'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  const told = child.stdio[3]
  if (told === null || told === undefined || !('setEncoding' in told)) throw new Error('Xvfb has no pipe to tell its display.')
  told.setEncoding('utf8')
  const [number] = (await Promise.race([once(told, 'data'), ended.then(() => Promise.reject(new Error('Xvfb ended at once.')))])) as [string]
  return {
    name: `:${number.trim()}`,
    close: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}
