/** An independent copy of a machine that is off: its own disks, its own identity. */
import { copyFile, constants, type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Job } from '../../contract/job.ts'
import { statesAtRest } from '../../contract/machine-state.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { copyFirmwareState, syncFirmwareState } from '../checkpoint/belongings.ts'
import { actOnLayers } from '../checkpoint/layer-acts.ts'
import { renewIdentity } from '../qemu/argv/plan-hardware.ts'
import { makePrivateFolder, syncPath } from '../storage/atomic-file.ts'
import { writeDocument } from '../storage/document.ts'
import { diskFolder, type MachineFolderNames } from '../storage/names.ts'
import { fillFolder } from './create.ts'
import { hardwareDocument } from './hardware-document.ts'
import { randomIdentity } from './identity.ts'
import { readLayers, writeLayers } from './layers.ts'
import { linkOrCopy } from '../images/link-or-copy.ts'
import type { MachineCore } from './machine-core.ts'
import type { Machines } from './machines.ts'

const copyBytes = 256 * 1024
const zeros = Buffer.alloc(copyBytes)

/** Begins the copy as a job. Frozen layers are shared by hard link; the active ones are copied. */
export function cloneMachine(core: MachineCore, machines: Machines, name: string): Job {
  core.require('cloned', statesAtRest)
  const unreserve = machines.reserveName(name)
  return core.context.jobs.run({ kind: 'machine.clone', title: `Clone ${core.name} as ${name}`, machine: core.id }, async (job) => {
    try {
      // What an act left half done is settled first, and none begins meanwhile.
      return await actOnLayers(core, () => core.queue.run(async () => {
        core.require('cloned', statesAtRest)
        const config: MachineConfig = { ...core.config, name, nics: core.config.nics.map((nic) => ({ ...nic, network: { ...nic.network, forwards: [] } })) }
        const id = await fillFolder(core.context, config, (names) => copyContent(core, names, job.signal, (done, total) => job.progress(done, total)))
        await machines.admit(id)
        return { machine: id, sentence: `${name} is an independent copy of ${core.name}. Its port forwards are not copied, for the ports are taken.` }
      }))
    } finally {
      unreserve()
    }
  })
}

async function copyContent(core: MachineCore, target: MachineFolderNames, signal: AbortSignal, progress: (done: number, total: number) => void): Promise<void> {
  const layers = await readLayers(core.names)
  const files = Object.entries(layers).flatMap(([disk, chain]) => chain.map((file, index) => ({ disk, file, isActive: index === chain.length - 1 })))
  const active = files.filter((file) => file.isActive)
  const sizes = await Promise.all(active.map(async ({ disk, file }) => (await stat(join(diskFolder(core.names, disk), file))).size))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  let done = 0
  for (const { disk, file, isActive } of files) {
    signal.throwIfAborted()
    await makePrivateFolder(diskFolder(target, disk))
    const [from, to] = [join(diskFolder(core.names, disk), file), join(diskFolder(target, disk), file)]
    if (isActive) {
      await copyActive(from, to, signal, (bytes) => {
        done += bytes
        progress(Math.min(done, total), total)
      })
    } else {
      await linkOrCopy(from, to)
    }
  }
  // A power cut must not take from a clone that is listed what it was told to have.
  for (const folder of [...Object.keys(layers).map((disk) => diskFolder(target, disk)), target.disks]) await syncPath(folder)
  await writeLayers(target, layers)
  for (const folder of ['boot', 'media'] as const) await shareFolder(core.names[folder], target[folder])
  await copyFirmwareState(core.names, target)
  await syncFirmwareState(target)
  const { hardware } = core.stored
  if (hardware !== null) await writeDocument(target.hardware, hardwareDocument, renewIdentity(hardware, randomIdentity))
}

/** The files of these folders are replaced, never written to, so a clone may have the very same. */
async function shareFolder(from: string, to: string): Promise<void> {
  const files = await readdir(from).catch((error: NodeJS.ErrnoException) => {
    ignoreMissing(error)
    return []
  })
  if (files.length > 0) await makePrivateFolder(to)
  for (const file of files) await linkOrCopy(join(from, file), join(to, file))
}

/** A reflink where the file system can; else a copy that tells how far it is and can be cancelled. */
async function copyActive(from: string, to: string, signal: AbortSignal, copied: (bytes: number) => void): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
    // What was written to the original last may be in memory only, and is so in the copy.
    await syncPath(to)
    copied((await stat(from)).size)
    return
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'EXDEV' && code !== 'ENOSYS' && code !== 'EINVAL' && code !== 'ENOTTY') throw error
  }
  const [source, target] = [await open(from, 'r'), await open(to, 'wx', 0o600)]
  try {
    const buffer = Buffer.alloc(copyBytes)
    let position = 0
    for (;;) {
      signal.throwIfAborted()
      const { bytesRead } = await source.read(buffer, 0, copyBytes, position)
      if (bytesRead === 0) break
      // Space that was only reserved stays a hole: 100 GiB of zeros would be written out else.
      if (!zeros.subarray(0, bytesRead).equals(buffer.subarray(0, bytesRead))) await writeWhole(target, buffer.subarray(0, bytesRead), position)
      position += bytesRead
      copied(bytesRead)
    }
    await target.truncate(position)
    await target.sync()
  } finally {
    await source.close()
    await target.close()
  }
}

async function writeWhole(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
