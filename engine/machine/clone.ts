/** An independent copy of a machine that is off: its own disks, its own identity. */
import { copyFile, constants, cp, mkdir, stat } from 'node:fs/promises'
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Transform } from 'node:stream'
import type { Job } from '../../contract/job.ts'
import { statesAtRest } from '../../contract/machine-state.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { renewIdentity } from '../qemu/argv/plan-hardware.ts'
import { writeDocument } from '../storage/document.ts'
import { diskFolder, type MachineFolderNames } from '../storage/names.ts'
import { fillFolder } from './create.ts'
import { hardwareDocument } from './hardware-document.ts'
import { randomIdentity } from './identity.ts'
import { readLayers, writeLayers } from './layers.ts'
import { linkOrCopy } from '../images/link-or-copy.ts'
import type { MachineCore } from './machine-core.ts'
import type { Machines } from './machines.ts'

/** Begins the copy as a job. Frozen layers are shared by hard link; the active ones are copied. */
export function cloneMachine(core: MachineCore, machines: Machines, name: string): Job {
  core.require('cloned', statesAtRest)
  const unreserve = machines.reserveName(name)
  return core.context.jobs.run({ kind: 'machine.clone', title: `Clone ${core.name} as ${name}`, machine: core.id }, async (job) => {
    try {
      return await core.queue.run(async () => {
        core.require('cloned', statesAtRest)
        const config: MachineConfig = { ...core.config, name, nics: core.config.nics.map((nic) => ({ ...nic, network: { ...nic.network, forwards: [] } })) }
        const id = await fillFolder(core.context, config, (names) => copyContent(core, names, job.signal, (done, total) => job.progress(done, total)))
        await machines.admit(id)
        return { machine: id, sentence: `${name} is an independent copy of ${core.name}. Its port forwards are not copied, for the ports are taken.` }
      })
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
    await mkdir(diskFolder(target, disk), { recursive: true, mode: 0o700 })
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
  await writeLayers(target, layers)
  for (const folder of ['boot', 'media', 'tpm'] as const) {
    await cp(core.names[folder], target[folder], { recursive: true, mode: constants.COPYFILE_FICLONE }).catch(ignoreMissing)
  }
  await copyFile(core.names.nvram, target.nvram, constants.COPYFILE_FICLONE).catch(ignoreMissing)
  const { hardware } = core.stored
  if (hardware !== null) await writeDocument(target.hardware, hardwareDocument, renewIdentity(hardware, randomIdentity))
}

/** A reflink where the file system can; else a copy that tells how far it is and can be cancelled. */
async function copyActive(from: string, to: string, signal: AbortSignal, copied: (bytes: number) => void): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
    copied((await stat(from)).size)
    return
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'EXDEV' && code !== 'ENOSYS' && code !== 'EINVAL' && code !== 'ENOTTY') throw error
  }
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      copied(chunk.length)
      done(null, chunk)
    },
  })
  await pipeline(createReadStream(from, { highWaterMark: 1024 * 1024 }), count, createWriteStream(to, { flags: 'wx', mode: 0o600 }), { signal })
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
