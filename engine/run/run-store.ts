/**
 * The folders of runs: read when the engine begins, kept within bounds, oldest first to go. A run
 * that an earlier engine left under way is put on record as ended, and its machines are named.
 */
import { appendFile, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { machineIdSchema, type MachineId, type RunId, runIdSchema } from '../../contract/ids.ts'
import type { Run, RunCell } from '../../contract/run.ts'
import type { Folders } from '../storage/folders.ts'
import { makePrivateFolder } from '../storage/atomic-file.ts'
import { runFolderNames, runsFolder, runUploadsFolder } from '../storage/names.ts'
import { readRun, writeRun } from './run-document.ts'
import { settleInput } from './run-input.ts'

const mostRuns = 100
const mostBytes = 4 * 1024 * 1024 * 1024

export interface StoredRuns {
  readonly runs: readonly Run[]
  /** Machines that runs of an engine that was killed may have left. */
  readonly orphans: readonly MachineId[]
}

/** Reads all runs. What cannot be read is removed: evidence without its run is of no use. */
export async function readRuns(folders: Folders): Promise<StoredRuns> {
  await makePrivateFolder(runsFolder(folders))
  await rm(runUploadsFolder(folders), { recursive: true, force: true })
  const runs: Run[] = []
  const orphans: MachineId[] = []
  await Promise.all((await readdir(runsFolder(folders))).map(async (name) => {
    const id = runIdSchema.safeParse(name)
    const names = runFolderNames(folders, (id.success ? id.data : name) as Run['id'])
    const run = id.success ? await readRun(names.run).catch(() => null) : null
    if (run === null || run.id !== name) {
      orphans.push(...(await readMachines(names.machines)).keys())
      await rm(names.folder, { recursive: true, force: true })
    } else if (run.state === 'running') {
      const machines = await readMachines(names.machines)
      orphans.push(...machines.keys())
      const ended = endedByEngine(run, new Set(machines.values()))
      await settleInput(run, names.archive)
      await writeRun(names.run, ended)
      runs.push(ended)
    } else {
      runs.push(run)
    }
  }))
  return { runs, orphans }
}

/** Puts the machine of a cell on record before it is made. */
export async function recordMachine(file: string, id: MachineId, cell: number): Promise<void> {
  await appendFile(file, `${id} ${cell}\n`, { mode: 0o600 })
}

/** Machines, and which cell each was for. */
async function readMachines(file: string): Promise<Map<MachineId, number>> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n')
  return new Map(lines.flatMap((line) => {
    const [name, cell] = line.split(' ')
    const id = machineIdSchema.safeParse(name)
    return id.success ? [[id.data, Number(cell)] as const] : []
  }))
}

/** `begun`: cells that had got a machine, which the document may not tell yet. */
function endedByEngine(run: Run, begun: ReadonlySet<number>): Run {
  const endedAt = new Date().toISOString()
  const reason = 'The engine ended in the middle of it; its machine was deleted by the next one.'
  const cells = run.cells.map((cell): RunCell => {
    if (cell.state === 'waiting' && !begun.has(cell.index)) return { ...cell, state: 'cancelled', reason: 'The engine ended before its turn came.' }
    if (cell.state === 'waiting' || cell.state === 'starting' || cell.state === 'running') return { ...cell, state: 'failed', reason, endedAt, machine: null }
    return cell
  })
  return { ...run, state: 'failed', endedAt, cells }
}

export async function makeRunFolder(folders: Folders, run: Run): Promise<void> {
  const names = runFolderNames(folders, run.id)
  await makePrivateFolder(names.folder)
  await writeRun(names.run, run)
}

/** Which ended runs have to go so that the rest is within bounds: the oldest. `runs` newest first; `sizes` keeps what was measured. */
export async function chooseToRemove(folders: Folders, runs: readonly Run[], sizes: Map<RunId, number>): Promise<Run[]> {
  const goes: Run[] = []
  let [kept, bytes] = [0, 0]
  for (const run of runs) {
    if (run.state === 'running') continue
    // What an ended run takes does not change any more.
    const size = sizes.get(run.id) ?? (await folderBytes(runFolderNames(folders, run.id).folder))
    sizes.set(run.id, size)
    bytes += size
    kept++
    // The newest one stays, however large: it was just made for somebody.
    if (kept > mostRuns || (bytes > mostBytes && kept > 1)) goes.push(run)
  }
  return goes
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0
  }
  return bytes
}
