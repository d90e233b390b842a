/** Which packages a guest has, asked while a checkpoint is taken, so that two points can be compared later. Nobody waits long for it. */
import { isMayflyError } from '../../contract/errors.ts'
import { collectRun } from '../guest/collect-run.ts'
import { printable } from '../guest/printable.ts'
import { startInGuest } from '../machine/guest-commands.ts'
import type { MachineCore } from '../machine/machine-core.ts'

const withinMs = 4_000
const mostPackages = 20_000
/** One line a package: name, tab, version. */
const question = `dpkg-query -W -f '\${Package}\\t\${Version}\\n' 2>/dev/null || rpm -qa --qf '%{NAME}\\t%{VERSION}-%{RELEASE}\\n' 2>/dev/null || apk info -v 2>/dev/null | sed 's/-\\([0-9][^-]*-r[0-9]*\\)$/\\t\\1/'`

/** Name to version; null where the guest does not tell, or not at once. */
export async function listPackages(core: MachineCore): Promise<Record<string, string> | null> {
  if (core.state !== 'running' || core.summary().agent !== 'answering') return null
  try {
    const { session } = await startInGuest(core, { machine: core.id, argv: ['/bin/sh', '-c', question], env: {} }, AbortSignal.timeout(withinMs))
    const { exitStatus, stdout, truncated } = await collectRun(session, { timeoutMs: withinMs })
    return exitStatus === 0 && !truncated ? parsePackages(stdout) : null
  } catch (error) {
    if (isMayflyError(error)) return null
    throw error
  }
}

/** Null for no package at all. */
export function parsePackages(text: string): Record<string, string> | null {
  const entries = text.split('\n').slice(0, mostPackages).flatMap((line): [string, string][] => {
    const [name, version] = line.split('\t')
    return name === undefined || name === '' || version === undefined ? [] : [[printable(name, 200), printable(version, 200)]]
  })
  return entries.length === 0 ? null : Object.fromEntries(entries)
}
