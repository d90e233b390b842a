/**
 * Takes files out of a guest: its own tar packs them, and what comes is unpacked here as the hostile
 * archive it may be. What cannot be had is told as a note; a run does not fail for it.
 */
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import { type UnpackReport, unpackTar } from '../archive/unpack-tar.ts'
import { GuestAgent } from '../guest/guest-agent.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { liveOf } from '../machine/power.ts'
import { archiveInGuest, lastWords } from './copy-in.ts'
import { type GuestToolEnd, runGuestTool } from './guest-tool.ts'
import { makePrivateFolder } from '../storage/atomic-file.ts'

/** Of one cell. */
const limits = { mostBytes: 1024 * 1024 * 1024, mostEntries: 100_000 }
/** Headers and padding besides the content, and what is left out; more is no archive of these limits. */
const mostStreamBytes = limits.mostBytes + 256 * 1024 * 1024
const mostByAgentBytes = 64 * 1024 * 1024
const withinMs = 10 * 60_000
/** A guest that sends nothing for so long has nothing to send. */
const silentForMs = 60_000
const modes = { file: 0o600, program: 0o700, folder: 0o700 }

/** Copies `paths` into `folder`, which is made. Answers with one sentence for each thing that is not there as it was. */
export async function copyOut(core: MachineCore, paths: readonly string[], cwd: string | undefined, folder: string, signal: AbortSignal): Promise<string[]> {
  await makePrivateFolder(folder)
  // A name that begins with a dash would be an option of tar's.
  const names = paths.map((path) => (path.startsWith('-') ? `./${path}` : path))
  let report: UnpackReport | null = null
  try {
    const unpack = async (archive: AsyncIterable<Buffer>): Promise<void> => {
      report = await unpackTar(bounded(archive), folder, limits, modes)
    }
    const hasHelper = (await liveOf(core).exec()) !== null
    const end = hasHelper ? await runGuestTool(core, { argv: ['tar', '-c', '-f', '-', ...names], cwd, read: unpack, timeoutMs: withinMs, signal }) : await packByAgent(core, names, cwd, unpack, signal)
    return [...failureOf(end), ...leftOutOf(report)]
  } catch (error) {
    if (signal.aborted) throw error
    const why = isMayflyError(error) ? error.message : error instanceof Error ? error.message : String(error)
    return [`Not all files could be copied out of the guest. ${why}`, ...leftOutOf(report)]
  }
}

async function packByAgent(core: MachineCore, names: readonly string[], cwd: string | undefined, unpack: (archive: AsyncIterable<Buffer>) => Promise<void>, signal: AbortSignal): Promise<GuestToolEnd> {
  const end = await runGuestTool(core, { argv: ['tar', '-c', '-f', archiveInGuest, ...names], cwd, timeoutMs: withinMs, signal })
  const archive = await new GuestAgent(liveOf(core).agent).readFile(archiveInGuest, mostByAgentBytes, { signal })
  await unpack((async function* () {
    await Promise.resolve()
    yield archive
  })())
  return end
}

async function* bounded(archive: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const chunks = archive[Symbol.asyncIterator]()
  for (let bytes = 0; ; ) {
    const next = await withinSilence(chunks.next())
    if (next.done === true) return
    bytes += next.value.length
    if (bytes > mostStreamBytes) throw new MayflyError('unsupported', `The guest sent more than ${mostStreamBytes / 1024 / 1024} MiB.`, { needs: `at most ${mostStreamBytes} bytes`, have: 'more' })
    yield next.value
  }
}

async function withinSilence<T>(next: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const silent = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new MayflyError('timeout', 'The guest sent nothing more.', { waitedMs: silentForMs })), silentForMs)
  })
  try {
    return await Promise.race([next, silent])
  } finally {
    clearTimeout(timer)
  }
}

function failureOf(end: GuestToolEnd): string[] {
  if (end.exitStatus === 0) return []
  const words = lastWords(end.stderr)
  return [`Not all files could be copied out of the guest: ${words === '' ? 'its tar failed' : words}.`]
}

function leftOutOf(report: UnpackReport | null): string[] {
  if (report === null || report.leftOutCount === 0) return []
  const more = report.leftOutCount - report.leftOut.length
  return [...report.leftOut, ...(more > 0 ? [`${more} more were left out.`] : [])]
}
