/**
 * `mayfly run`: a command in a throwaway fork, as if it ran here; or in many, with their lines mixed
 * and a table at the end. The run belongs to this process: when it goes, the run ends and its
 * machines are deleted.
 */
import { constants } from 'node:os'
import { isMayflyError, MayflyError } from '../../../contract/errors.ts'
import type { Run } from '../../../contract/run.ts'
import type { EngineConnection } from '../../../engine/engine-face.ts'
import type { Call } from '../command-line.ts'
import { ExecSession } from '../exec-session.ts'
import { usageError } from '../failure.ts'
import { type CommandContext, type Io, printJson, tell } from '../io.ts'
import { timeShown } from '../quantities.ts'
import { reportError } from '../report-error.ts'
import { shown } from '../safe-text.ts'
import { styleFor } from '../style.ts'
import { statusOf } from './exec.ts'

/** As other programs that run programs have it: time over, Mayfly's own failure, cannot be run, no such program. */
const statuses = { timedOut: 124, ourselves: 125, cannotRun: 126, notFound: 127 }

type Request = Parameters<EngineConnection['client']['run']['start']>[0]

/** What `run` cannot do, said before anything is called. */
export async function checkRunCall(call: Call, io: Io): Promise<void> {
  const request = requestOf(call)
  checkMatrix(request)
  if ((request.copyOut ?? []).length > 0 && evidenceOf(call) === undefined) throw usageError('--copy-out', 'Files that are copied out come into the evidence: --copy-out needs --evidence DIR.')
  const copies = call.options['copy-in']
  if (Array.isArray(copies)) {
    const { parseCopyIn } = await import('../pack-files.ts')
    for (const copy of copies as string[]) parseCopyIn(copy)
  }
  const evidence = evidenceOf(call)
  if (evidence === undefined) return
  const { checkEvidenceFolder } = await import('../evidence-folder.ts')
  await checkEvidenceFolder(evidence, io.cwd)
}

/** What would leave one wondering which cell is which. */
function checkMatrix({ matrix = {}, env = {} }: Request): void {
  for (const [key, values] of Object.entries(matrix)) {
    if (values.every((value) => value === '')) throw usageError('--matrix', `--matrix ${key} has no values.`, `Write them with commas between: --matrix ${key}=a,b`)
    const twice = values.find((value, index) => values.indexOf(value) !== index)
    if (twice !== undefined) throw usageError('--matrix', `--matrix ${key} has the value ${shown(twice)} twice.`, '--count N runs each combination N times.')
    if (key in env) throw usageError('--matrix', `${key} is given by --env and by --matrix.`, 'Leave one of them out.')
  }
}

/** The command's exit status, or what came of many; what went wrong with Mayfly is told here, since its status is another than elsewhere. */
export async function runCommand(context: CommandContext): Promise<number> {
  const ended = new Set<'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT'>()
  const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const).map((signal) => [signal, () => void ended.add(signal)] as const)
  for (const [signal, handler] of handlers) process.on(signal, handler)
  try {
    return await carryOut(context)
  } catch (error) {
    const [signal] = ended
    const status = isMayflyError(error, 'cancelled') && signal !== undefined ? 128 + constants.signals[signal] : statusOfFailure(error)
    const { globals } = context.call
    reportError(error, context.io, { json: globals.json, noColor: globals.noColor })
    return status
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}

function requestOf({ input }: Call): Request {
  const { matrix, ...rest } = input as Omit<Request, 'matrix'> & { matrix?: Readonly<Record<string, string>> }
  return { ...rest, ...(matrix === undefined ? {} : { matrix: Object.fromEntries(Object.entries(matrix).map(([key, values]) => [key, values.split(',')])) }) }
}

function evidenceOf({ options }: Call): string | undefined {
  const folder = options['evidence']
  return typeof folder === 'string' ? folder : undefined
}

async function carryOut(context: CommandContext): Promise<number> {
  const { call, io, connection } = context
  const request: Request = { ...requestOf(call), attached: true, ...(await handIn(context)) }
  const { run, stream: ticket } = await startOrMake(context, request)
  if (ticket === null) throw new Error('An attached run has a stream.')
  const stream = await connection.openStream(ticket.ticket)
  let status: number
  try {
    status = run.cells.length === 1 ? await runOne(context, stream) : await runMany(context, run, stream)
  } catch (error) {
    // The command or the run failed, and is on record: its evidence is wanted all the more.
    if (!isMayflyError(error) || isMayflyError(error, 'host-unavailable') || isMayflyError(error, 'cancelled')) {
      stream.destroy()
      await cleanUpAfter(error, context)
      throw error
    }
    await keepEvidence(context, run)
    await tellKept(context, request, run)
    throw error
  } finally {
    stream.destroy()
  }
  await keepEvidence(context, run)
  await tellKept(context, request, run)
  if (call.globals.json) printJson(io, await connection.client.run.show({ run: run.id }))
  return status
}

async function runOne({ call, io }: CommandContext, stream: Awaited<ReturnType<EngineConnection['openStream']>>): Promise<number> {
  // With --json stdout is the record's.
  const streams = call.globals.json ? { ...io, stdout: io.stderr } : io
  return statusOf(await new ExecSession(stream, streams, { tty: false, readsStdin: true, whenLeft: 'Left. The engine ends the command and deletes its machine.' }).run())
}

async function runMany({ call, io, connection }: CommandContext, run: Run, stream: Awaited<ReturnType<EngineConnection['openStream']>>): Promise<number> {
  const { passOnMany } = await import('../run-many.ts')
  const status = await passOnMany(stream, run, call.globals.json ? { ...io, stdout: io.stderr } : io)
  if (!call.globals.quiet) {
    const { cellTable } = await import('../views/run-view.ts')
    io.stderr.write(`\n${cellTable(await connection.client.run.show({ run: run.id }), styleFor(io.stderr, io.env, call.globals.noColor))}`)
  }
  return status
}

/** Hands the files of `--copy-in` to the engine. */
async function handIn({ call, io, connection }: CommandContext): Promise<{ upload?: string }> {
  const copies = call.options['copy-in']
  if (!Array.isArray(copies)) return {}
  const { parseCopyIn, planArchive } = await import('../pack-files.ts')
  const { tarBytes, writeTar } = await import('../../../engine/archive/write-tar.ts')
  const { Readable } = await import('node:stream')
  const { pipeline } = await import('node:stream/promises')
  const sources = await planArchive((copies as string[]).map((copy) => parseCopyIn(copy)), io.cwd)
  const { ticket, upload } = await connection.client.run.upload({ bytes: tarBytes(sources) })
  const stream = await connection.openStream(ticket)
  // Its end from the other side says that all of it is there.
  const whole = new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject).once('close', resolve))
  stream.resume()
  await Promise.all([pipeline(Readable.from(writeTar(sources)), stream), whole])
  return { upload }
}

/** Where the template is missing but can be made, it is made if the one at the terminal wants that. */
async function startOrMake(context: CommandContext, request: Request): Promise<Awaited<ReturnType<EngineConnection['client']['run']['start']>>> {
  const { call, io, connection } = context
  try {
    return await connection.client.run.start(request)
  } catch (error) {
    if (!isMayflyError(error, 'not-found') || error.details.kind !== 'template' || io.stdin.isTTY !== true || io.stderr.isTTY !== true) throw error
    const images = await connection.client.image.list({})
    if (!images.some((image) => image.name === request.template)) throw error
    const { ask } = await import('../confirm.ts')
    const answer = call.globals.yes ? 'y' : await ask(`There is no template ${request.template} yet. Make it of the image ${request.template} now? [Y/n] `, io)
    if (!/^(y|yes|)$/i.test(answer.trim())) throw error
    const { followJob } = await import('../follow-job.ts')
    const { recordedError } = await import('../failure.ts')
    const job = await followJob(connection.client, await connection.client.template.make({ name: request.template, image: request.template }), io, { show: call.globals.quiet ? 'none' : 'bar' })
    if (job.error !== null) throw recordedError(job.error)
    return connection.client.run.start(request)
  }
}

async function keepEvidence({ call, io, connection }: CommandContext, run: Run): Promise<void> {
  const folder = evidenceOf(call)
  if (folder === undefined) return
  const { fetchEvidence } = await import('../evidence-folder.ts')
  const ended = await connection.client.run.show({ run: run.id })
  const path = await fetchEvidence(connection, ended, folder, io.cwd)
  if (call.globals.quiet) return
  for (const cell of ended.cells) for (const note of cell.notes) tell(io, note)
  tell(io, `The evidence of run ${run.number} is in ${path}.`)
}

/** Says which machines were kept, and until when. */
async function tellKept({ io, connection, call }: CommandContext, request: Request, run: Run): Promise<void> {
  if (request.keepOnFailure !== true || call.globals.quiet) return
  const { cells } = await connection.client.run.show({ run: run.id })
  for (const { machine, keptUntil } of cells) {
    if (machine !== null && keptUntil !== null) tell(io, `The machine of the failed command is kept until ${timeShown(keptUntil)}: mayfly exec ${machine} -t -- sh`)
  }
}

/** An engine that was killed leaves machines to the next one: it is called, so that nothing stays. */
async function cleanUpAfter(error: unknown, { call, io }: CommandContext): Promise<void> {
  if (!isMayflyError(error, 'host-unavailable')) return
  const { connect } = await import('../connection.ts')
  await connect(call, io).then((connection) => connection.close(), () => undefined)
}

function statusOfFailure(error: unknown): number {
  if (!(error instanceof MayflyError)) return statuses.ourselves
  if (isMayflyError(error, 'invalid-input')) return 2
  if (isMayflyError(error, 'timeout')) return statuses.timedOut
  if (isMayflyError(error, 'not-found') && (error.details.kind === 'program' || error.details.kind === 'directory')) return statuses.notFound
  if (isMayflyError(error, 'unsupported') && error.details.needs === 'exec') return statuses.cannotRun
  return statuses.ourselves
}

