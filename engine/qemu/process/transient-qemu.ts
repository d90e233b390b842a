/**
 * A QEMU that lives for one question: probing and measuring start it, ask over its monitor
 * and kill it. It has no files: its monitor and its chardevs are pipes of ours, and it never
 * outlives the call that stops it.
 */
import { spawn } from 'node:child_process'
import { Duplex } from 'node:stream'
import { MayflyError } from '../../../contract/errors.ts'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'

export interface TransientExit {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stderrTail: string
}

export interface TransientQemu {
  readonly pid: number
  /** The monitor, not yet negotiated. */
  readonly monitor: Duplex
  /** One for each descriptor from 3 on, for `-chardev socket,fd=3`. */
  readonly pipes: readonly Duplex[]
  readonly exited: Promise<TransientExit>
  /** Kills it and waits until it is gone. May be called twice. */
  stop(): Promise<TransientExit>
}

const stderrTailLength = 4096

/**
 * Starts QEMU with a monitor and without a user's configuration.
 *
 * @throws MayflyError 'host-unavailable' when the binary cannot be started.
 */
export async function startTransientQemu(installation: QemuInstallation, qemuArguments: readonly string[], pipeCount = 0): Promise<TransientQemu> {
  const child = spawn(
    installation.binary,
    [...installation.firmwareFolders.flatMap((folder) => ['-L', folder]), '-no-user-config', '-nodefaults', '-display', 'none', '-qmp', 'stdio', ...qemuArguments],
    { env: { ...process.env, ...installation.env }, stdio: ['pipe', 'pipe', 'pipe', ...Array.from({ length: pipeCount }, () => 'pipe' as const)] },
  )
  let stderrTail = ''
  child.stderr?.setEncoding('utf8')
  child.stderr?.on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-stderrTailLength)
  })
  const exited = new Promise<TransientExit>((resolve) => {
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stderrTail }))
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (cause) => {
      reject(new MayflyError('host-unavailable', `QEMU could not be started from ${installation.binary}.`, { check: 'qemu' }, { cause }))
    })
  })
  if (child.pid === undefined || child.stdin === null || child.stdout === null) throw new Error('A started child has a pid and its pipes.')
  const pipes = child.stdio.slice(3).filter((pipe) => pipe instanceof Duplex)
  // A monitor that QEMU closes under our write is reported by `exited`, and by the client's own end.
  for (const stream of [child.stdin, ...pipes]) stream.on('error', () => {})
  return {
    pid: child.pid,
    monitor: Duplex.from({ readable: child.stdout, writable: child.stdin }),
    pipes,
    exited,
    stop() {
      child.kill('SIGKILL')
      for (const pipe of pipes) pipe.destroy()
      return exited
    },
  }
}
