/**
 * What comes before a machine is made what a point is. Everything that can be tried is tried while its guest runs: a new
 * layer on each disk, and room for all that is written after its end. So a full disk is found out by a restore that changes nothing.
 */
import { randomBytes } from 'node:crypto'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckpointId } from '../../contract/ids.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import { makeRandomId } from '../jobs/random-id.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { pullPlug } from '../machine/power.ts'
import { describeWriteFailure } from '../storage/atomic-file.ts'
import { checkpointFolderNames } from '../storage/names.ts'
import type { Belongings } from './belongings.ts'
import type { CheckpointRecord } from './checkpoint-document.ts'
import { dropAside, makeAside } from './checkpoint-store.ts'
import { dropOverlays, makeOverlays, type Overlays } from './overlays.ts'

/** Documents of the machine and of what is kept aside, its journal, how its run ended, the beginnings of logs. */
const documentsBytes = 512 * 1024

/** Makes the layers and ends the guest, if one runs. Throws `no-space`, with the guest as it was; nothing is left then. Runs in the machine's queue. */
export async function endToRestore(core: MachineCore, record: CheckpointRecord, overlays: Overlays): Promise<void> {
  const { context, names } = core
  const room = makeRandomId() as CheckpointId
  // Until the journal says otherwise nothing names what is made here, and it is garbage.
  context.atStep('restore:preparing')
  try {
    await makeOverlays(names, record.disks, overlays)
    await holdRoom(core, record, room)
    if (hasProcess(core.state)) {
      core.enter('restoring')
      await pullPlug(core, true)
      context.atStep('restore.ended')
    }
  } catch (error) {
    await dropOverlays(names, overlays)
    throw error
  } finally {
    await dropAside(names, room)
  }
}

/** The point's variables and TPM state are copied into the present, and the present's aside. */
async function holdRoom(core: MachineCore, record: CheckpointRecord, room: CheckpointId): Promise<void> {
  const { names } = core
  const bytes = documentsBytes + (await firmwareBytes(names)) + (await firmwareBytes(checkpointFolderNames(names, record.id)))
  await makeAside(names, room)
  const path = join(checkpointFolderNames(names, room, true).folder, 'room')
  // A file system that packs would find room for any number of zeroes.
  await writeFile(path, randomBytes(bytes), { mode: 0o600 }).catch(async (error: unknown) => {
    throw await describeWriteFailure(path, error)
  })
}

async function firmwareBytes({ nvram, tpm }: Pick<Belongings, 'nvram' | 'tpm'>): Promise<number> {
  const files = await readdir(tpm).catch(() => [])
  const sizes = await Promise.all([nvram, ...files.map((file) => join(tpm, file))].map((path) => stat(path).then(({ blocks }) => blocks * 512, () => 0)))
  return sizes.reduce((sum, size) => sum + size, 0)
}
