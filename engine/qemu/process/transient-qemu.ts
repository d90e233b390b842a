/**
 * A QEMU that lives for one question: probing and measuring start it, ask over its monitor
 * and kill it. It has no files: its monitor and its chardevs are pipes of ours, and it outlives
 * neither the call that stops it nor this process.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { Duplex } from 'node:stream'
import { MayflyError } from '../../../contract/errors.ts'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { tiedToParent } from './tied-command.ts'

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
  await access(installation.binary, constants.X_OK).catch((cause: unknown) => {
    throw cannotStart(installation, cause)
  })
  const firmware = installation.firmwareFolders.flatMap((folder) => ['-L', folder])
  const { program, args } = tiedToParent({
    program: installation.binary,
    args: [...firmware, '-no-user-config', '-nodefaults', '-display', 'none', '-qmp', 'stdio', ...qemuArguments],
  })
  const stdio = ['pipe', 'pipe', 'pipe', ...Array.from({ length: pipeCount }, () => 'pipe' as const)] as const
  const child = spawn(program, args, { env: { ...process.env, ...installation.env }, stdio: [...stdio] })
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
    child.once('error', (cause) => reject(cannotStart(installation, cause)))
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

function cannotStart({ binary }: QemuInstallation, cause: unknown): MayflyError<'host-unavailable'> {
  return new MayflyError('host-unavailable', `QEMU could not be started from ${binary}.`, { check: 'qemu' }, { cause })
}
