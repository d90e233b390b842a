/** A new machine that begins where a checkpoint was: its own disks on the same frozen layers, its own identity. It boots; RAM is not taken along. */
import { join } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import type { CheckpointRef } from '../../contract/ids.ts'
import type { Job } from '../../contract/job.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { linkOrCopy } from '../images/link-or-copy.ts'
import { fillFolder } from '../machine/create.ts'
import { hardwareDocument } from '../machine/hardware-document.ts'
import { randomIdentity } from '../machine/identity.ts'
import { writeLayers } from '../machine/layers.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import type { Machines } from '../machine/machines.ts'
import { renewIdentity } from '../qemu/argv/plan-hardware.ts'
import { makePrivateFolder } from '../storage/atomic-file.ts'
import { writeDocument } from '../storage/document.ts'
import { checkpointFolderNames, diskFolder, type MachineFolderNames } from '../storage/names.ts'
import { copyFirmwareState, linkMedia, syncFirmwareState } from './belongings.ts'
import type { CheckpointRecord } from './checkpoint-document.ts'
import { findMissing, readCheckpoint } from './checkpoint-store.ts'
import { findCheckpoint } from './find-checkpoint.ts'
import { actOnLayers } from './layer-acts.ts'
import { makeOverlays, nameOverlays, onTop } from './overlays.ts'

/** Begins it as a job. Throws `not-found`, `conflict` where the name is taken. */
export async function exportCheckpoint(core: MachineCore, machines: Machines, ref: CheckpointRef, name: string): Promise<Job> {
  const { id, label } = await findCheckpoint(core, ref)
  const unreserve = machines.reserveName(name)
  return core.context.jobs.run({ kind: 'machine.export', title: `Make ${name} of ${label} of ${core.name}`, machine: core.id }, async (job) => {
    try {
      // Merges would take layers away under the links.
      const machine = await actOnLayers(core, async () => {
        core.requireListed()
        const record = await readCheckpoint(core.names, id)
        const missing = await findMissing(core.names, record)
        if (missing !== null) throw new MayflyError('storage-corrupt', `${label} of ${core.name} cannot be used: ${missing}`, { file: core.names.disks, reason: missing })
        const config: MachineConfig = { ...record.config, name, nics: record.config.nics.map((nic) => ({ ...nic, network: { ...nic.network, forwards: [] } })) }
        return fillFolder(core.context, config, (names) => fillFrom(core, record, names, job.signal))
      })
      await machines.admit(machine)
      return { machine, sentence: `${name} begins where ${core.name} was at ${label}. Its port forwards are not copied, for the ports are taken.` }
    } finally {
      unreserve()
    }
  })
}

async function fillFrom(core: MachineCore, record: CheckpointRecord, target: MachineFolderNames, signal: AbortSignal): Promise<void> {
  for (const [disk, chain] of Object.entries(record.disks)) {
    await makePrivateFolder(diskFolder(target, disk))
    for (const file of chain) {
      signal.throwIfAborted()
      await linkOrCopy(join(diskFolder(core.names, disk), file), join(diskFolder(target, disk), file))
    }
  }
  const overlays = nameOverlays(record.disks)
  await makeOverlays(target, record.disks, overlays)
  await writeLayers(target, onTop(record.disks, overlays), null)
  const folder = checkpointFolderNames(core.names, record.id)
  await linkMedia(folder, target)
  await copyFirmwareState(folder, target)
  await syncFirmwareState(target)
  if (record.hardware !== null) await writeDocument(target.hardware, hardwareDocument, renewIdentity(record.hardware, randomIdentity))
}
