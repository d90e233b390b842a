/** Machines that delete themselves when the app that held the engine is gone: the app, without a window, sees to it. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findByArgument } from '../../engine/qemu/process/process-identity.ts'
import { resolveFolders } from '../../engine/storage/folders.ts'
import { machinesFolder, promisesFile } from '../../engine/storage/names.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { until } from '../conformance/until.ts'
import { ownHome } from '../drivers/both-hosts.fixture.ts'
import { launchElectron } from '../drivers/electron.fixture.ts'

export function withoutEngineSpecs(): void {
  test.for(['quits and leaves machines running', 'is killed'])('throwaways and due machines go when the app %s', { concurrent: true, timeout: 150_000 }, async (how, { onTestFinished }) => {
    const home = await ownHome(onTestFinished)
    const folders = resolveFolders({ MAYFLY_HOME: home })
    const driver = await launchElectron({ home })
    const engine = connectEngine(join(home, 'run', 'engine.sock'))
    let pid: number | null = null
    try {
      await driver.page.getByRole('heading', { level: 1 }).waitFor()
      await engine.client.settings.set({ onQuit: 'leave-running' })
      await engine.client.machine.create({ name: 'due', ttlSeconds: 20 })
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
    await until(async () => (await readdir(machinesFolder(folders))).length === 0, 'both machines are gone', 60_000)
    await until(() => findByArgument(promisesFile(folders)).length === 0, 'nobody waits for them any more', 30_000)
  })
}
