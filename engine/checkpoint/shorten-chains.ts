/**
 * Keeps the present's chains short: each layer costs every read a look. Where checkpoints keep all
 * layers alive nothing can be merged; then what lies above the base is copied into the layer
 * that is written to, which stands on the base alone from then on. It reads the same at any moment of that.
 */
import { join } from 'node:path'
import type { DeviceId } from '../../contract/ids.ts'
import { hasProcess, statesAtRest } from '../../contract/machine-state.ts'
import { readPresent, writeLayers } from '../machine/layers.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { pullUp } from '../qemu/img/pull-up.ts'
import { diskFolder } from '../storage/names.ts'
import { beginCopy, copyLive, endCopy, syncLayers } from './copied-layers.ts'
import type { MergeOptions } from './merge-layers.ts'

/** A chain with more layers is made shorter. */
export const deepestChain = 16

/** Within an act on the layers, not in the machine's queue. A chain that cannot be shortened now stays. */
export async function shortenChains(core: MachineCore, options: MergeOptions = {}): Promise<void> {
  const { disks } = await readPresent(core.names)
  for (const [disk, chain] of Object.entries(disks)) if (chain.length > deepestChain) await shorten(core, disk, options)
}

async function shorten(core: MachineCore, disk: DeviceId, options: MergeOptions): Promise<void> {
  const isLive = await core.queue.run(async (interrupted) => {
    core.requireListed()
    if (hasProcess(core.state)) return core.live !== null
    if (!statesAtRest.some((state) => state === core.state)) return false
    const { disks } = await readPresent(core.names)
    const chain = disks[disk] ?? []
    const [base, top] = [chain[0], chain.at(-1)]
    if (base === undefined || top === undefined || base === top) return false
    const signal = options.signal === undefined ? interrupted : AbortSignal.any([options.signal, interrupted])
    await beginCopy(core)
    try {
      await pullUp(await core.context.host.installation(), join(diskFolder(core.names, disk), top), base, { ...options, signal })
      core.context.atStep('copy.pulled')
      await syncLayers(core.names, { [disk]: [top] })
      await writeLayers(core.names, { ...disks, [disk]: [base, top] })
    } finally {
      await endCopy(core)
    }
    return false
  })
  if (isLive) await copyLive(core, disk, { keepsBase: true, signal: options.signal })
}
