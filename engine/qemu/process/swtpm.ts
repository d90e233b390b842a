/**
 * A TPM 2.0 in software for one machine: swtpm beside QEMU, detached like it, ending when QEMU
 * lets go of its control socket. Its state is a file of the machine's folder.
 */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { MayflyError } from '../../../contract/errors.ts'
import { readTextTail } from './launch-qemu.ts'
import { findByArgument, isAlive, signalProcess } from './process-identity.ts'
import { makePrivateFolder } from '../../storage/atomic-file.ts'

export interface SwtpmRequest {
  readonly stateFolder: string
  readonly socket: string
  readonly pidFile: string
  readonly logFile: string
}

const readyWithinMs = 5_000
const endsWithinMs = 2_000

const pidArgument = (pidFile: string): string => `file=${pidFile}`

/** Whether swtpm and its set-up tool are installed. */
export function hasSwtpm(): boolean {
  return findProgram('swtpm') !== null && findProgram('swtpm_setup') !== null
}

function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/usr/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
}

/** Starts swtpm, with a fresh TPM where the machine had none yet. Throws `host-unavailable` where it is missing or fails. */
export async function startSwtpm(request: SwtpmRequest): Promise<void> {
  const [program, setup] = [findProgram('swtpm'), findProgram('swtpm_setup')]
  if (program === null || setup === null) {
    throw new MayflyError('host-unavailable', 'The machine has a TPM, but swtpm is not installed.', { check: 'swtpm' }, { next: 'Install swtpm and swtpm-tools, or remove the TPM.' })
  }
  await makePrivateFolder(request.stateFolder)
  if ((await readdir(request.stateFolder)).length === 0) {
    const code = await runToEnd(setup, ['--tpm2', '--tpmstate', request.stateFolder, '--create-ek-cert', '--create-platform-cert', '--lock-nvram', '--overwrite', '--logfile', request.logFile], request.logFile)
    // Certificates need a CA folder that ordinary users may lack; a TPM without them serves as well.
    if (code !== 0 && (await runToEnd(setup, ['--tpm2', '--tpmstate', request.stateFolder, '--overwrite', '--logfile', request.logFile], request.logFile)) !== 0) {
      await rm(request.stateFolder, { recursive: true, force: true })
      throw await failed(request, 'swtpm_setup could not make a TPM.')
    }
  }
  const log = openSync(request.logFile, 'a', 0o600)
  const child = spawn(program, ['socket', '--tpm2', '--tpmstate', `dir=${request.stateFolder},mode=0600`, '--ctrl', `type=unixio,path=${request.socket},mode=0600`, '--pid', pidArgument(request.pidFile), '--terminate'], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  let ended = false
  child.once('exit', () => {
    ended = true
  })
  child.once('error', () => {
    ended = true
  })
  child.unref()
  const deadline = performance.now() + readyWithinMs
  while (!existsSync(request.socket)) {
    if (ended || performance.now() > deadline) {
      child.kill('SIGKILL')
      throw await failed(request, 'swtpm did not start.')
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/**
 * Ends the swtpm that was started with this pid file, if one is left. It ends by itself when
 * QEMU lets go of it; one that no QEMU ever came to would stay, and hold the TPM's state.
 */
export async function endSwtpm(pidFile: string): Promise<void> {
  const left = findByArgument(pidArgument(pidFile))
  for (const process of left) signalProcess(process, 'SIGTERM')
  const deadline = performance.now() + endsWithinMs
  while (left.some(isAlive)) {
    if (performance.now() > deadline) {
      for (const process of left) signalProcess(process, 'SIGKILL')
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

async function failed(request: SwtpmRequest, sentence: string): Promise<MayflyError> {
  const tail = (await readTextTail(request.logFile, 1024)).trim()
  return new MayflyError('host-unavailable', `${sentence} ${tail}`.trim(), { check: 'swtpm' })
}

function runToEnd(program: string, args: readonly string[], logFile: string): Promise<number> {
  const log = openSync(logFile, 'a', 0o600)
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', log, log] })
    closeSync(log)
    child.once('error', () => resolve(127))
    child.once('exit', (code) => resolve(code ?? 128))
  })
}
