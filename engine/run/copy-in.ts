/** Puts a caller's files into a guest: a tar archive, unpacked at the guest's root by the guest's own tar. */
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { MayflyError } from '../../contract/errors.ts'
import { GuestAgent } from '../guest/guest-agent.ts'
import { printable } from '../guest/printable.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { liveOf } from '../machine/power.ts'
import { runGuestTool } from './guest-tool.ts'

const withinMs = 10 * 60_000
/** Of a guest that has just begun to go on. */
const agentWithinMs = 10_000
/** The plain agent carries base64 in JSON, a small piece a call. */
const mostByAgentBytes = 64 * 1024 * 1024
export const archiveInGuest = '/tmp/.mayfly-run.tar'

/** Unpacks `archive` in the guest. Throws `unsupported` where the guest's tar refuses, `not-found` where it has none. */
export async function copyIn(core: MachineCore, archive: string, signal: AbortSignal): Promise<void> {
  const hasHelper = (await liveOf(core).exec()) !== null
  if (!hasHelper) await writeByAgent(core, archive, signal)
  const end = await runGuestTool(core, {
    argv: hasHelper ? ['tar', '-x', '-f', '-', '-C', '/'] : ['sh', '-c', `tar -x -f ${archiveInGuest} -C / && rm -f ${archiveInGuest}`],
    ...(hasHelper ? { input: createReadStream(archive) } : {}),
    timeoutMs: withinMs,
    signal,
  })
  if (end.exitStatus === 0) return
  const words = lastWords(end.stderr)
  throw new MayflyError('unsupported', `The files could not be put into the guest: ${words === '' ? 'its tar failed' : words}.`, { needs: 'a tar in the guest that takes them', have: words })
}

/** The last lines a program of the guest wrote, harmless, in one. */
export function lastWords(stderr: string): string {
  const lines = stderr.trim().split('\n').filter((line) => !line.includes('emoving leading'))
  return lines.slice(-4).map((line) => printable(line, 200).replace(/\.$/, '')).join('; ')
}

async function writeByAgent(core: MachineCore, archive: string, signal: AbortSignal): Promise<void> {
  const { size } = await stat(archive)
  if (size > mostByAgentBytes) throw new MayflyError('unsupported', `Through the plain guest agent at most ${mostByAgentBytes / 1024 / 1024} MiB of files can be put into a guest.`, { needs: 'the Mayfly helper in the guest', have: 'the guest agent' })
  const { agent } = liveOf(core)
  await agent.whenAnswering({ timeoutMs: agentWithinMs, signal })
  await new GuestAgent(agent).writeFile(archiveInGuest, await readFile(archive), { signal })
}
