import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MachineId, RunId } from '../../contract/ids.ts'
import type { Run } from '../../contract/run.ts'
import { type Folders, resolveFolders } from '../storage/folders.ts'
import { runFolderNames, runsFolder } from '../storage/names.ts'
import { planCells } from './plan-run.ts'
import { chooseToRemove, makeRunFolder, readRuns, recordMachine } from './run-store.ts'

let home = ''
let folders: Folders
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-runs-'))
  folders = resolveFolders({ MAYFLY_HOME: home })
})
afterEach(() => rm(home, { recursive: true }))

const runOf = (number: number, state: Run['state']): Run => ({
  id: `r${String(number).padStart(11, '0')}` as RunId, number, template: { id: 'abcdefghijkl' as MachineId, name: 'tests' }, argv: ['true'], commandLine: '', matrix: {}, count: 3, parallel: 1, timeoutSeconds: null, keepOnFailure: false, input: null, state,
  startedAt: '2026-01-01T00:00:00.000Z', endedAt: null, cells: planCells({ matrix: {}, count: 3 }),
})

test('what an engine that was killed left under way is on record as ended, and its machines are named', async () => {
  const left = runOf(1, 'running')
  await makeRunFolder(folders, left)
  const names = runFolderNames(folders, left.id)
  await recordMachine(names.machines, 'mmmmmmmmmmmm' as MachineId, 0)
  await writeFile(names.archive, 'files')
  await makeRunFolder(folders, runOf(2, 'passed'))
  await mkdir(join(runsFolder(folders), 'rubbish'))
  await mkdir(join(runsFolder(folders), 'r00000000009'))
  const { runs, orphans } = await readRuns(folders)
  expect(orphans).toEqual(['mmmmmmmmmmmm'])
  expect(runs.map(({ number, state, cells }) => `${number} ${state} ${cells.map((cell) => cell.state).join(' ')}`).sort()).toEqual(['1 failed failed cancelled cancelled', '2 passed waiting waiting waiting'])
  expect((await readdir(runsFolder(folders))).sort()).toEqual(['r00000000001', 'r00000000002'])
  expect((await readdir(names.folder)).sort()).toEqual(['machines', 'run.json'])
  expect((await readRuns(folders)).orphans).toEqual([])
})

test('the files that a run was given stay with it where they are kept; a run of an earlier version was given none', async () => {
  const kept = runOf(1, 'running')
  await makeRunFolder(folders, { ...kept, input: { bytes: 5, kept: true } })
  await writeFile(runFolderNames(folders, kept.id).archive, 'files')
  const { input: _, ...earlier } = runOf(2, 'passed')
  await makeRunFolder(folders, earlier as Run)
  const { runs } = await readRuns(folders)
  expect(new Map(runs.map(({ number, input }) => [number, input]))).toEqual(new Map([[1, { bytes: 5, kept: true }], [2, null]]))
  expect((await readdir(runFolderNames(folders, kept.id).folder)).sort()).toEqual(['run.json', 'upload.tar'])
})

test('the oldest go when there are too many, those under way never', async () => {
  const runs = Array.from({ length: 103 }, (_, index) => runOf(103 - index, index === 102 ? 'running' : 'passed'))
  expect((await chooseToRemove(folders, runs, new Map())).map(({ number }) => number)).toEqual([3, 2])
  expect((await chooseToRemove(folders, runs.slice(0, 3), new Map([[runs[1]?.id as RunId, 5 * 2 ** 30]]))).map(({ number }) => number)).toEqual([102, 101])
})
