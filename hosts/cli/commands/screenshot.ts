/** `mayfly screenshot`: a picture of a machine's screen, in a file that is whole or not there. */
import { linkSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { MayflyError } from '../../../contract/errors.ts'
import type { Call } from '../command-line.ts'
import { usageError } from '../failure.ts'
import { type CommandContext, type Io, printJson, tell, writeOut } from '../io.ts'
import { safeLine, shown } from '../safe-text.ts'

/** What `screenshot` cannot do, said before anything is called. */
export function checkScreenshotCall({ options }: Call, io: Io): void {
  const file = options['file']
  if (file === '-' && io.stdout.isTTY === true) throw usageError('FILE', 'A picture is not for a terminal.', 'Give a file, or send it into another program.')
  if (typeof file === 'string' && file !== '-') assertFree(resolve(io.cwd, file), options['force'] === true)
}

export async function screenshotCommand({ call, io, connection: { client } }: CommandContext): Promise<number> {
  const picture = await client.machine.screenshot({ machine: String(call.input['machine']) })
  const file = call.options['file']
  const bytes = Buffer.from(picture.base64, 'base64')
  if (file === '-' && !call.globals.json) await writeOut(io.stdout, bytes)
  else if (typeof file === 'string' && file !== '-') {
    const path = resolve(io.cwd, file)
    writeWhole(path, bytes, call.options['force'] === true)
    if (!call.globals.json && !call.globals.quiet) tell(io, `${safeLine(path)}: ${bytes.length} bytes.`)
  }
  if (call.globals.json) printJson(io, picture)
  return 0
}

function alreadyThere(path: string): MayflyError<'conflict'> {
  return new MayflyError('conflict', `${path} is already there, and was kept.`, { state: 'exists', allowed: ['absent'] }, { next: 'Choose another name, or give --force.' })
}

function assertFree(path: string, force: boolean): void {
  const present = lstatSync(path, { throwIfNoEntry: false })
  if (present?.isDirectory() === true) throw usageError('FILE', `${shown(path)} is a folder.`)
  if (present !== undefined && !force) throw alreadyThere(path)
}

/** Under another name first. Throws `conflict` where the file has appeared meanwhile, `invalid-input` where it cannot be written. */
function writeWhole(path: string, bytes: Uint8Array, force: boolean): void {
  const draft = join(dirname(path), `.${basename(path).slice(0, 100)}.${process.pid}`)
  try {
    writeFileSync(draft, bytes, { flag: 'wx' })
    if (force) renameSync(draft, path)
    else linkSync(draft, path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw alreadyThere(path)
    throw usageError('FILE', `${shown(path)} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    rmSync(draft, { force: true })
  }
}
