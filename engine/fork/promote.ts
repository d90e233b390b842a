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
import { beginCopy, copyLive, endCopy, syncLayers } from '../checkpoint/copied-layers.ts'
import { actOnLayers } from '../checkpoint/layer-acts.ts'
import type { JobHandle } from '../jobs/job-book.ts'
import { newLayerFile, readLayers, writeLayers } from '../machine/layers.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { flattenChain } from '../qemu/img/flatten-chain.ts'
import { describeWriteFailure, syncPath } from '../storage/atomic-file.ts'
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
  const isLive = await core.queue.run(async () => {
    core.require('made independent', [...statesAtRest, 'running', 'paused'])
    if (hasProcess(core.state)) return true
    await promoteAtRest(core, disk, job.signal, onProgress)
    return false
  })
  if (isLive) await copyLive(core, disk, { keepsBase: false, signal: job.signal, onProgress })
}

async function promoteAtRest(core: MachineCore, disk: DeviceId, signal: AbortSignal, onProgress: (share: number) => void): Promise<void> {
  const layers = await readLayers(core.names)
  const chain = layers[disk] ?? []
  if (chain.length < 2) return
  const folder = diskFolder(core.names, disk)
  const whole = newLayerFile()
  await beginCopy(core)
  try {
    await flattenChain(await core.context.host.installation(), { chain: chain.map((file) => join(folder, file)), target: join(folder, whole), signal, onProgress })
    core.context.atStep('promote.copied')
    await syncLayers(core.names, { [disk]: [whole] })
    await writeLayers(core.names, { ...layers, [disk]: [whole] })
    core.context.atStep('promote.recorded')
  } finally {
    await endCopy(core)
  }
}

/** What the machine's own checkpoints still share becomes a file of its own. QEMU has none of it open for writing, and a mapping keeps the old file. */
async function ownFiles(core: MachineCore, signal: AbortSignal): Promise<void> {
  await beginCopy(core)
  try {
    await copyShared(core, signal)
  } finally {
    await endCopy(core)
  }
}

async function copyShared(core: MachineCore, signal: AbortSignal): Promise<void> {
  for (const folder of [core.names.disks, core.names.ram]) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      signal.throwIfAborted()
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || (await stat(path)).nlink < 2) continue
      const copy = `${path}.new`
      try {
        await copyFile(path, copy, constants.COPYFILE_FICLONE)
        // A copy that has the name of what was there before must be on disk.
        await syncPath(copy)
        core.context.atStep('promote.owned')
        await rename(copy, path)
        await syncPath(entry.parentPath)
      } catch (error) {
        await rm(copy, { force: true })
        throw await describeWriteFailure(path, error)
      }
    }
  }
}
