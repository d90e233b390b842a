/** Any command that is one call: asks where it destroys, follows where it is a job, prints what came. */
import { resolve } from 'node:path'
import type { Job } from '../../../contract/job.ts'
import type { EngineClient } from '../../../engine/engine-face.ts'
import type { Call } from '../command-line.ts'
import { confirm } from '../confirm.ts'
import { recordedError } from '../failure.ts'
import { followJob } from '../follow-job.ts'
import { type CommandContext, type Io, printJson, stdoutStyle } from '../io.ts'
import type { Command } from '../manifest.ts'
import { styleFor } from '../style.ts'
import { jobOutcome } from '../views/thing-view.ts'
import { asideOf, quietViewOf, viewOf } from '../views/view-of.ts'

type Procedure = (input: unknown) => Promise<unknown>

function procedureAt(client: EngineClient, path: string): Procedure {
  let node: unknown = client
  for (const step of path.split('.')) node = (node as Record<string, unknown>)[step]
  return node as Procedure
}

/** Files are named from the current folder; the engine has another. */
function withAbsoluteFiles(command: Command, input: Readonly<Record<string, unknown>>, io: Io): Record<string, unknown> {
  const whole = { ...input }
  for (const field of [...command.positionals, ...command.flags]) {
    const key = field.path[0]
    const value = key === undefined ? undefined : whole[key]
    if (field.refers === 'file' && key !== undefined && typeof value === 'string' && value !== '') whole[key] = resolve(io.cwd, value)
  }
  return whole
}

export async function callCommand(context: CommandContext): Promise<number> {
  const { call, io, connection } = context
  const { command } = call
  if (command.procedure === null) throw new Error(`The command ${command.name} has no procedure.`)
  await confirm(call, connection.client, io)
  const output = await procedureAt(connection.client, command.procedure)(withAbsoluteFiles(command, call.input, io))
  if (command.job === true) return await finishJob(context, output as Job)
  printOutput(call, io, output)
  return 0
}

/** What a call answered: as it is, or for people. */
export function printOutput(call: Call, io: Io, output: unknown): void {
  const { command, globals } = call
  const procedure = command.procedure ?? ''
  const style = stdoutStyle({ call, io })
  if (globals.json) return printJson(io, output)
  if (globals.quiet && command.access !== 'read') {
    io.stdout.write(quietViewOf(procedure)?.(output, style) ?? '')
    return
  }
  io.stdout.write(viewOf(procedure)?.(output, style) ?? `${JSON.stringify(output, null, 2)}\n`)
  const aside = asideOf(procedure)?.(output, styleFor(io.stderr, io.env, globals.noColor)) ?? ''
  if (aside !== '' && !globals.quiet) io.stderr.write(aside)
}

async function finishJob(context: CommandContext, begun: Job): Promise<number> {
  const { call: { globals }, io, connection } = context
  const job = await followJob(connection.client, begun, io, { show: globals.quiet ? 'none' : io.stderr.isTTY === true ? 'bar' : globals.json ? 'none' : 'lines' })
  if (globals.json) printJson(io, job)
  if (job.error !== null) throw recordedError(job.error)
  if (!globals.json && !globals.quiet) io.stdout.write(jobOutcome(job, stdoutStyle(context)))
  return 0
}
