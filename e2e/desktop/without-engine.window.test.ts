/** Machines that delete themselves when the app that held the engine is gone: the app, without a window, sees to it. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findByArgument } from '../../engine/qemu/process/process-identity.ts'
import { resolveFolders } from '../../engine/storage/folders.ts'
import { machinesFolder, promisesFile } from '../../engine/storage/names.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { launchElectron } from '../drivers/electron.fixture.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-left-'))
})
afterEach(() => rm(home, { recursive: true }))

test.each(['quits and leaves machines running', 'is killed'])('throwaways and due machines go when the app %s', async (how) => {
  const folders = resolveFolders({ MAYFLY_HOME: home })
  const driver = await launchElectron({ home })
  const engine = connectEngine(join(home, 'run', 'engine.sock'))
  let pid: number | null = null
  try {
    await driver.page.getByRole('heading', { level: 1 }).waitFor()
    await engine.client.settings.set({ onQuit: 'leave-running' })
    await engine.client.machine.create({ name: 'due', ttlSeconds: 10 })
    await engine.client.machine.create({ name: 'throwaway', start: true, memoryMiB: 128, throwaway: true })
    pid = (await engine.client.machine.show({ machine: 'throwaway' })).pid
    if (how === 'is killed') driver.app.process().kill('SIGKILL')
  } finally {
    await engine.close()
    await driver.close().catch(() => undefined)
  }
  expect(await readdir(machinesFolder(folders))).toHaveLength(2)
  if (pid === null) throw new Error('The throwaway does not run.')
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => readdir(machinesFolder(folders)), { timeout: 60_000 }).toEqual([])
  await expect.poll(() => findByArgument(promisesFile(folders)), { timeout: 30_000 }).toEqual([])
}, 150_000)
