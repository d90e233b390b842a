/**
 * Copying layers of the present into the one that is written to, or into a new one. Nobody needs the copied ones for the
 * present afterwards, so they may go; but only once the copy is in its file. QEMU ends a `block-stream` with
 * tables of the layer in its own memory, and a QEMU that is killed then takes them along: measured on 7.2, the disk read as zeroes.
 * And the file must be on disk: `qemu-img convert`, and a QEMU with `cache: unsafe`, leave that to the host.
 */
import { join } from 'node:path'
import type { DeviceId } from '../../contract/ids.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import { type Layers, readPresent, writeLayers } from '../machine/layers.ts'
import { liveDisks } from '../machine/live-disks.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { liveOf } from '../machine/power.ts'
import { reopenedNode } from '../qemu/argv/devices/disk.ts'
import { findOutOfSpace } from '../qemu/img/new-image-file.ts'
import type { QmpArguments, QmpClient } from '../qemu/qmp/qmp-client.ts'
import { endQmpJob, runQmpJob } from '../qemu/qmp/qmp-job.ts'
import { describeWriteFailure, syncPath } from '../storage/atomic-file.ts'
import { diskFolder, type MachineFolderNames } from '../storage/names.ts'
import { collectGarbage } from './collect-garbage.ts'
import { closeJournal, writeJournal } from './journal.ts'
import { formatNodes, liveChain, removeNodes } from './live-chain.ts'

/** Names the act before layers are copied. In the machine's queue, within an act on its layers. */
export async function beginCopy(core: MachineCore): Promise<void> {
  await writeJournal(core.context, core.names, { act: 'copy' })
}

/** Afterwards, whether it worked out or not: what nothing names goes. In the machine's queue. */
export async function endCopy(core: MachineCore): Promise<void> {
  await closeJournal(core.names)
  await collectGarbage(core.names)
}

export interface LiveCopy {
  /** The lowest layer stays beneath; else the layer that is written to stands on nothing afterwards. */
  readonly keepsBase: boolean
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (share: number) => void
}

/** Copies what lies beneath the layer that a running guest writes to into it, and puts that on record. Within an act on the layers, not in the machine's queue. Throws `cancelled`, `qmp-failed`, `qmp-interrupted`; the disk then reads as before. */
export async function copyLive(core: MachineCore, disk: DeviceId, { keepsBase, signal, onProgress }: LiveCopy): Promise<void> {
  const plan = await core.queue.run(async () => {
    const { qmp } = liveOf(core)
    const [active, open, nodes] = [(await liveDisks(qmp)).get(disk), await liveChain(qmp, disk), await formatNodes(qmp, disk)]
    if (active === undefined || open.length <= (keepsBase ? 2 : 1)) return null
    const base = keepsBase ? open.at(-1) : undefined
    await beginCopy(core)
    return { qmp, device: active.node, beneath: base === undefined ? {} : { 'base-node': nodes.get(base) ?? '', 'backing-file': base } }
  })
  if (plan === null) return
  try {
    await runQmpJob(plan.qmp, copyJob(disk), 'block-stream', { device: plan.device, ...plan.beneath }, {
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress: ({ current, total }) => onProgress(total === 0 ? 1 : current / total) }),
    })
    core.context.atStep('copy.streamed')
    await core.queue.run(() => adoptChains(core, plan.qmp))
    core.context.atStep('copy.recorded')
  } catch (error) {
    // Of a job that failed QEMU has only words.
    throw (await findOutOfSpace(core.names.layers, null, error)) ?? error
  } finally {
    await core.queue.run(() => endCopy(core))
  }
}

const copyJob = (disk: DeviceId): string => `copy-${disk}`

/** Puts these layers on disk, before others that said the same may go. Throws `no-space`. */
export async function syncLayers(names: MachineFolderNames, chains: Layers): Promise<void> {
  for (const path of Object.entries(chains).flatMap(([disk, chain]) => chain.map((file) => join(diskFolder(names, disk), file)))) {
    await syncPath(path).catch(async (error: unknown) => {
      throw await describeWriteFailure(path, error)
    })
  }
}

/** Settles what was under way when an engine was killed: what QEMU has done by itself meanwhile is put on record. Runs in the machine's queue. */
export async function settleCopy(core: MachineCore): Promise<void> {
  if (hasProcess(core.state)) {
    const { qmp } = liveOf(core)
    for (const disk of Object.keys((await readPresent(core.names)).disks)) await endQmpJob(qmp, copyJob(disk))
    await adoptChains(core, qmp)
  }
  await closeJournal(core.names)
}

/** Where QEMU needs fewer layers than are on record, the record follows, once all of what it needs is in its files. */
async function adoptChains(core: MachineCore, qmp: QmpClient): Promise<void> {
  const { disks } = await readPresent(core.names)
  const active = await liveDisks(qmp)
  const short: Layers = {}
  for (const [disk, chain] of Object.entries(disks)) {
    const open = await liveChain(qmp, disk)
    const device = core.run?.config.disks.find(({ id }) => id === disk)
    const node = active.get(disk)?.node
    if (device === undefined || node === undefined || open[0] !== chain.at(-1) || open.length >= chain.length) continue
    const below = open[1] === undefined ? null : ((await formatNodes(qmp, disk)).get(open[1]) ?? null)
    await qmp.execute('blockdev-reopen', { options: [reopenedNode(device, node, below)] } as QmpArguments<'blockdev-reopen'>)
    short[disk] = chain.filter((file) => open.includes(file))
  }
  if (Object.keys(short).length === 0) return
  await syncLayers(core.names, short)
  await writeLayers(core.names, { ...disks, ...short })
  const unused = Object.entries(short).flatMap(([disk, kept]) => (disks[disk] ?? []).filter((file) => !kept.includes(file)).map((file) => join(diskFolder(core.names, disk), file)))
  await removeNodes(qmp, unused)
}
