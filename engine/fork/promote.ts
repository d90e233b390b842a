/**
 * Makes a fork independent of what it was forked from. Nothing of a fork ever depends on its parent
 * (its layers are hard links), but it shares their space, and its chains are as long as the parent's were:
 * afterwards each disk is one layer of its own. While the guest runs QEMU does the work; it may stop at any
 * moment, for a disk that was copied in part reads the same.
 */
import { constants, copyFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceId } from '../../contract/ids.ts'
import type { Job } from '../../contract/job.ts'
import { hasProcess, statesAtRest } from '../../contract/machine-state.ts'
import { collectGarbage } from '../checkpoint/collect-garbage.ts'
import { actOnLayers } from '../checkpoint/layer-acts.ts'
import { removeNodes } from '../checkpoint/live-chain.ts'
import type { JobHandle } from '../jobs/job-book.ts'
import { newLayerFile, readLayers, writeLayers } from '../machine/layers.ts'
import { liveDisks } from '../machine/live-disks.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { liveOf } from '../machine/power.ts'
import { flattenChain } from '../qemu/img/flatten-chain.ts'
import { runQmpJob } from '../qemu/qmp/qmp-job.ts'
import { describeWriteFailure } from '../storage/atomic-file.ts'
import { diskFolder } from '../storage/names.ts'

/** Begins the work as a job. Legal while the machine is running, paused or off. */
export function promoteMachine(core: MachineCore): Job {
  core.require('made independent', [...statesAtRest, 'running', 'paused'])
  return core.context.jobs.run({ kind: 'machine.promote', title: `Make ${core.name} independent`, machine: core.id }, (job) =>
    actOnLayers(core, async () => {
      const disks = (core.run?.config ?? core.config).disks
      for (const [index, { id }] of disks.entries()) {
        job.signal.throwIfAborted()
        job.stage(`Copying ${id}`)
        await promoteDisk(core, id, job, (share) => job.progress((index + share) / disks.length))
      }
      job.stage('Copying what checkpoints share')
      await core.queue.run(() => ownFiles(core, job.signal))
      await core.queue.run(() => core.saveLife({ ...core.stored.life, origin: null }))
      core.happened('promoted', `${core.name} is independent of what it was forked from.`)
      return { machine: core.id, sentence: `${core.name} shares nothing of its disks with another machine any more.` }
    }),
  )
}

async function promoteDisk(core: MachineCore, disk: DeviceId, job: JobHandle, onProgress: (share: number) => void): Promise<void> {
  // The start of a machine that is off must wait; one that runs goes on meanwhile.
  const live = await core.queue.run(async () => {
    core.require('made independent', [...statesAtRest, 'running', 'paused'])
    if (hasProcess(core.state)) return { qmp: liveOf(core).qmp, chain: (await readLayers(core.names))[disk] ?? [] }
    await promoteAtRest(core, disk, job.signal, onProgress)
    return null
  })
  if (live === null || live.chain.length < 2) return
  const active = (await liveDisks(live.qmp)).get(disk)
  if (active === undefined) return
  await runQmpJob(live.qmp, `promote-${disk}`, 'block-stream', { device: active.node }, { signal: job.signal, onProgress: ({ current, total }) => onProgress(total === 0 ? 1 : current / total) })
  await core.queue.run(async () => {
    const layers = await readLayers(core.names)
    const chain = layers[disk] ?? []
    await writeLayers(core.names, { ...layers, [disk]: [active.file] })
    if (!live.qmp.isClosed) await removeNodes(live.qmp, chain.filter((file) => file !== active.file).map((file) => join(diskFolder(core.names, disk), file)))
    await collectGarbage(core.names)
  })
}

async function promoteAtRest(core: MachineCore, disk: DeviceId, signal: AbortSignal, onProgress: (share: number) => void): Promise<void> {
  const layers = await readLayers(core.names)
  const chain = layers[disk] ?? []
  if (chain.length < 2) return
  const folder = diskFolder(core.names, disk)
  const whole = newLayerFile()
  await flattenChain(await core.context.host.installation(), { chain: chain.map((file) => join(folder, file)), target: join(folder, whole), signal, onProgress })
  core.context.atStep('promote.copied')
  await writeLayers(core.names, { ...layers, [disk]: [whole] })
  await collectGarbage(core.names)
}

/** What the machine's own checkpoints still share becomes a file of its own. QEMU has none of it open for writing, and a mapping keeps the old file. */
async function ownFiles(core: MachineCore, signal: AbortSignal): Promise<void> {
  for (const folder of [core.names.disks, core.names.ram]) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      signal.throwIfAborted()
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || (await stat(path)).nlink < 2) continue
      const copy = `${path}.new`
      try {
        await copyFile(path, copy, constants.COPYFILE_FICLONE)
        await rename(copy, path)
      } catch (error) {
        await rm(copy, { force: true })
        throw await describeWriteFailure(path, error)
      }
    }
  }
}
