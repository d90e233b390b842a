/**
 * Which ways to let sound out one QEMU really has. Its monitor does not tell: 7.2 has no
 * introspection of audio, and 10.0 names drivers whose modules are not installed. `-audiodev help`
 * loads each module and lists what could be loaded, one name a line, since 4.0.
 */
import { spawn } from 'node:child_process'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { tiedToParent } from './tied-command.ts'

const patienceMs = 10_000
const mostBytes = 16 * 1024

/** The drivers' names, sorted. Empty where this QEMU does not answer: then guests are silent, and nothing else fails. */
export async function listAudioDrivers({ binary, env }: QemuInstallation): Promise<string[]> {
  const { program, args } = tiedToParent({ program: binary, args: ['-audiodev', 'help'] })
  // A module that is missing is told on stderr, which is no news.
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'], timeout: patienceMs, killSignal: 'SIGKILL' })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text = (text + piece).slice(0, mostBytes)
  })
  const isAnswer = await new Promise<boolean>((resolve) => {
    child.on('close', (exitCode) => resolve(exitCode === 0))
    child.on('error', () => resolve(false))
  })
  const names = text.split('\n').filter((line) => /^[a-z][a-z0-9]*$/.test(line))
  return isAnswer ? [...new Set(names)].toSorted() : []
}
