/**
 * Keeps the present's chains short: each layer costs every read a look. Where checkpoints keep all
 * layers alive nothing can be merged; then what lies above the base is copied into the layer
 * that is written to, which stands on the base alone from then on. It reads the same at any moment of that.
 */
import { join } from 'node:path'
import type { DeviceId } from '../../contract/ids.ts'
import { hasProcess, statesAtRest } from '../../contract/machine-state.ts'
import { readPresent, writeLayers } from '../machine/layers.ts'
import { liveDisks } from '../machine/live-disks.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { liveOf } from '../machine/power.ts'
import { pullUp } from '../qemu/img/pull-up.ts'
import { runQmpJob } from '../qemu/qmp/qmp-job.ts'
import { diskFolder } from '../storage/names.ts'
import { collectGarbage } from './collect-garbage.ts'
import { formatNodes, liveChain, removeNodes } from './live-chain.ts'
import type { MergeOptions } from './merge-layers.ts'

/** A chain with more layers is made shorter. */
export const deepestChain = 16

/** Within an act on the layers, not in the machine's queue. A chain that cannot be shortened now stays. */
export async function shortenChains(core: MachineCore, options: MergeOptions = {}): Promise<void> {
  const { disks } = await readPresent(core.names)
  for (const [disk, chain] of Object.entries(disks)) if (chain.length > deepestChain) await shorten(core, disk, options)
}

async function shorten(core: MachineCore, disk: DeviceId, options: MergeOptions): Promise<void> {
  const live = await core.queue.run(async (interrupted) => {
    core.requireListed()
    if (hasProcess(core.state)) {
      const found = core.live === null ? null : await findLive(core, disk)
      // QEMU had done it already when an engine was killed.
      if (found?.isShort === true) await nameShort(core, disk, found.file)
      return found?.isShort === true ? null : found
    }
    if (!statesAtRest.some((state) => state === core.state)) return null
    const { disks } = await readPresent(core.names)
    const [base, top] = [disks[disk]?.[0], disks[disk]?.at(-1)]
    if (base === undefined || top === undefined || base === top) return null
    const signal = options.signal === undefined ? interrupted : AbortSignal.any([options.signal, interrupted])
    await pullUp(await core.context.host.installation(), join(diskFolder(core.names, disk), top), base, { ...options, signal })
    await nameShort(core, disk, top)
    return null
  })
  if (live === null) return
  await runQmpJob(live.qmp, `shorten-${disk}`, 'block-stream', { device: live.node, 'base-node': live.baseNode, 'backing-file': live.base }, options.signal === undefined ? {} : { signal: options.signal })
  await core.queue.run(async () => {
    const { disks } = await readPresent(core.names)
    const between = (disks[disk] ?? []).slice(1, (disks[disk] ?? []).indexOf(live.file))
    await nameShort(core, disk, live.file)
    if (!live.qmp.isClosed) await removeNodes(live.qmp, between.map((file) => join(diskFolder(core.names, disk), file)))
  })
}

/** What QEMU calls the layer that is written to, and the lowest one. */
async function findLive(core: MachineCore, disk: DeviceId) {
  const { qmp } = liveOf(core)
  const [active, open, nodes] = [(await liveDisks(qmp)).get(disk), await liveChain(qmp, disk), await formatNodes(qmp, disk)]
  const base = open.at(-1)
  const baseNode = nodes.get(base ?? '')
  return active === undefined || base === undefined || baseNode === undefined ? null : { qmp, node: active.node, file: active.file, base, baseNode, isShort: open.length <= 2 }
}

/** `file` stands on the base by now; what lies on top of it meanwhile stays there. */
async function nameShort(core: MachineCore, disk: DeviceId, file: string): Promise<void> {
  const { disks } = await readPresent(core.names)
  const chain = disks[disk] ?? []
  const [base] = chain
  if (base === undefined || chain.indexOf(file) < 1) return
  core.context.atStep('shorten.copied')
  await writeLayers(core.names, { ...disks, [disk]: [base, ...chain.slice(chain.indexOf(file))] })
  await collectGarbage(core.names)
}
