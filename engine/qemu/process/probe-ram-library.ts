/**
 * Whether a QEMU takes the RAM library: a static one, one with set-user-id, or one for another
 * C library does not, and its loader says nothing that could be relied on. So it is started for
 * its version with the library in it, which answers by itself on a pipe.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { libraryPath, preload } from './ram-library.ts'
import { tiedToParent } from './tied-command.ts'

/** What the library says, with the version of the contract between it and us (native/ram/start.c). */
const answer = 'mayfly-ram 1\n'
const patienceMs = 10_000
const pipeNumber = 3

export interface RamLibraryReport {
  readonly accepted: boolean
  /** A sentence; null where it is accepted. */
  readonly reason: string | null
}

const known = new WeakMap<QemuInstallation, Promise<RamLibraryReport>>()

/** Asked once for each installation that was found. Never throws. */
export function probeRamLibrary(installation: QemuInstallation): Promise<RamLibraryReport> {
  const before = known.get(installation)
  if (before !== undefined) return before
  const report = probe(installation)
  known.set(installation, report)
  return report
}

async function probe({ binary, env }: QemuInstallation): Promise<RamLibraryReport> {
  if (process.platform !== 'linux') return refused('The memory library needs Linux.')
  if (!existsSync(libraryPath())) return refused('The memory library is not built.')
  const loaded = preload(pipeNumber + 1)
  try {
    // setpriv must not have it; env(1) sets it for QEMU alone.
    const variables = Object.entries({ ...loaded.env, MAYFLY_RAM_PROBE: String(pipeNumber) }).map(([name, value]) => `${name}=${value}`)
    const { program, args } = tiedToParent({ program: '/usr/bin/env', args: [...variables, binary, '-version'] })
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'ignore', 'pipe', ...(loaded.descriptor === null ? [] : [loaded.descriptor])], timeout: patienceMs, killSignal: 'SIGKILL' })
    const pipe = child.stdio[pipeNumber] as Readable
    let heard = ''
    pipe.setEncoding('utf8').on('data', (text: string) => {
      heard = (heard + text).slice(0, answer.length)
    })
    await new Promise<void>((resolve) => {
      child.on('close', () => resolve())
      child.on('error', () => resolve())
    })
    return heard === answer ? { accepted: true, reason: null } : refused(`${binary} does not load the memory library: it is statically linked, set-user-id, or built for another C library.`)
  } finally {
    loaded.close()
  }
}

function refused(reason: string): RamLibraryReport {
  return { accepted: false, reason }
}
