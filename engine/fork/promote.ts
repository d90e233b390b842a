/**
 * Makes a fork independent of what it was forked from. Nothing of a fork ever depends on its parent
 * (its layers are hard links), but it shares their space, and its chains are as long as the parent's were:
 * afterwards each disk is one layer of its own. While the guest runs QEMU does the work; it may stop at any
 * moment, for a disk that was copied in part reads the same.
 */
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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
import { copyWhole, type WholeCopy } from './copy-whole.ts'

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
      await ownFiles(core, job)
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

/** What the machine's own checkpoints still share becomes a file of its own. QEMU has none of it open for writing, and a mapping keeps the old file. Whoever wants to start or stop the machine does not wait for that. */
async function ownFiles(core: MachineCore, job: JobHandle): Promise<void> {
  await core.queue.run(() => beginCopy(core))
  try {
    const shared = await sharedFiles(core)
    let doneBytes = 0
    const ofBytes = shared.reduce((sum, { bytes }) => sum + bytes, 0)
    for (const { path, bytes } of shared) {
      await ownFile(core, path, { signal: job.signal, onProgress: (share) => job.progress(doneBytes + share * bytes, ofBytes) })
      doneBytes += bytes
    }
  } finally {
    await core.queue.run(() => endCopy(core))
  }
}

async function sharedFiles(core: MachineCore): Promise<{ readonly path: string; readonly bytes: number }[]> {
  const shared: { path: string; bytes: number }[] = []
  for (const folder of [core.names.disks, core.names.ram]) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const { nlink, size } = await stat(path)
      if (nlink > 1) shared.push({ path, bytes: size })
    }
  }
  return shared
}

async function ownFile(core: MachineCore, path: string, progress: WholeCopy): Promise<void> {
  const copy = `${path}.new`
  try {
    for (let isOwned = false; !isOwned; ) {
      const { mtimeNs } = await stat(path, { bigint: true })
      await copyWhole(path, copy, progress)
      core.context.atStep('promote.owned')
      isOwned = await core.queue.run(async () => {
        core.requireListed()
        // A start repairs layers that QEMU was killed with.
        if ((await stat(path, { bigint: true })).mtimeNs !== mtimeNs) return false
        await rename(copy, path)
        return true
      })
      if (!isOwned) await rm(copy)
    }
    await syncPath(dirname(path))
  } catch (error) {
    await rm(copy, { force: true })
    throw await describeWriteFailure(path, error)
  }
}
