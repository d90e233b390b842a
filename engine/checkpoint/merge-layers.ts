/**
 * Merging layers that no point needs by itself into the ones below them. Until a merge is done
 * the lower layer is only seen through the upper one, so it may stop at any moment. The layer a
 * running guest writes to is never merged: which of two files has its last word could not be told
 * after a crash; it waits until another layer lies on top of it, or the machine is off.
 */
import { join } from 'node:path'
import { chmod, rm, stat } from 'node:fs/promises'
import { isMayflyError } from '../../contract/errors.ts'
import type { DeviceId } from '../../contract/ids.ts'
import { hasProcess, statesAtRest } from '../../contract/machine-state.ts'
import { type Layers, readPresent, writeLayers } from '../machine/layers.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { liveOf } from '../machine/power.ts'
import { commitLayer } from '../qemu/img/commit-layer.ts'
import { findOutOfSpace } from '../qemu/img/new-image-file.ts'
import { renameBacking } from '../qemu/img/own-layer.ts'
import { endQmpJob, runQmpJob } from '../qemu/qmp/qmp-job.ts'
import { diskFolder, type MachineFolderNames } from '../storage/names.ts'
import { readCheckpoints, writeCheckpoint } from './checkpoint-store.ts'
import { syncLayers } from './copied-layers.ts'
import { type Act, closeJournal, writeJournal } from './journal.ts'
import { findMerge, layersAbove, type Merge, mergedChain, namedLayers } from './layer-tree.ts'
import { formatNodes, liveChain, removeNodes } from './live-chain.ts'
import { protectFrozen } from './protect-frozen.ts'

export interface MergeOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (share: number) => void
}

/** Merges what can be merged now; answers how many layers went. Within an act on the layers, not in the machine's queue. */
export async function mergeLayers(core: MachineCore, options: MergeOptions = {}): Promise<number> {
  const skipped = new Set<string>()
  for (let merged = 0; ; merged++) {
    options.signal?.throwIfAborted()
    const isDone = await core.queue.run(async (interrupted) => {
      core.requireListed()
      const plan = await planMerge(core, skipped)
      if (plan === null) return 'nothing' as const
      if (plan.live) return plan
      // Nobody may start the machine meanwhile; whoever waits sees the job.
      const signal = options.signal === undefined ? interrupted : AbortSignal.any([options.signal, interrupted])
      await mergeOffline(core, plan, { ...options, signal })
      return 'merged' as const
    })
    if (isDone === 'nothing') return merged
    if (isDone !== 'merged') await mergeLive(core, isDone, options)
  }
}

interface Plan extends Merge {
  readonly live: boolean
  /** Where `from` is the topmost: its whole chain, for qemu-img. */
  readonly chain: readonly string[]
  /** The layers that stand on `from`. */
  readonly above: readonly string[]
}

async function readPoints(names: MachineFolderNames): Promise<Layers[]> {
  const { sound, broken } = await readCheckpoints(names)
  // A checkpoint that cannot be read may name anything.
  if (broken.length > 0) return []
  return [(await readPresent(names)).disks, ...sound.map(({ disks }) => disks)]
}

async function planMerge(core: MachineCore, skipped: Set<string>): Promise<Plan | null> {
  const { names } = core
  if (core.state === 'unknown' || core.state === 'broken') return null
  const points = await readPoints(names)
  const shared = await sharedLayers(names, points)
  for (;;) {
    const merge = findMerge(points, (disk, file) => shared.has(`${disk}/${file}`) || skipped.has(`${disk}/${file}`))
    if (merge === null) return null
    const open = hasProcess(core.state) ? await liveChain(liveOf(core).qmp, merge.disk) : []
    const [at, below] = [open.indexOf(merge.from), open.indexOf(merge.into)]
    // Open files lie beside each other, with something on top; others are nobody's.
    if (at === -1 && below === -1 ? !isPresentTip(points[0], merge) || statesAtRest.some((state) => state === core.state) : at > 0 && below === at + 1) {
      const chain = points.map((point) => point[merge.disk] ?? []).find((files) => files.includes(merge.into) && files.includes(merge.from)) ?? []
      return { ...merge, live: at !== -1, chain: chain.slice(0, chain.indexOf(merge.from) + 1), above: layersAbove(points, merge.disk, merge.from) }
    }
    skipped.add(`${merge.disk}/${merge.into}`)
  }
}

function isPresentTip(present: Layers | undefined, { disk, from }: Merge): boolean {
  return present?.[disk]?.at(-1) === from
}

async function sharedLayers(names: MachineFolderNames, points: readonly Layers[]): Promise<Set<string>> {
  const shared = new Set<string>()
  for (const disk of new Set(points.flatMap((point) => Object.keys(point)))) {
    for (const file of namedLayers(points, disk)) {
      const stats = await stat(join(diskFolder(names, disk), file)).catch(() => null)
      // What is not there is not written to either.
      if (stats === null || stats.nlink > 1) shared.add(`${disk}/${file}`)
    }
  }
  return shared
}

async function mergeOffline(core: MachineCore, plan: Plan, options: MergeOptions): Promise<void> {
  const { names } = core
  const path = (file: string): string => join(diskFolder(names, plan.disk), file)
  await begin(core, plan)
  try {
    await commitLayer(await core.context.host.installation(), plan.chain.map(path), options)
    core.context.atStep('merge.committed')
    await finishMerge(core, plan, null)
  } catch (error) {
    await giveUp(core)
    throw error
  }
}

/** QEMU merges while the guest runs; the machine's queue is free meanwhile. */
async function mergeLive(core: MachineCore, plan: Plan, options: MergeOptions): Promise<void> {
  try {
    const { qmp, nodes, above } = await core.queue.run(async () => {
      const { qmp } = liveOf(core)
      const nodes = await formatNodes(qmp, plan.disk)
      const open = await liveChain(qmp, plan.disk)
      await begin(core, plan)
      return { qmp, nodes, above: open[open.indexOf(plan.from) - 1] ?? '' }
    })
    const [device, top, base] = [(await liveChain(qmp, plan.disk))[0], plan.from, plan.into].map((file) => nodes.get(file ?? ''))
    if (device === undefined || top === undefined || base === undefined) throw new Error(`The layers ${plan.from} and ${plan.into} have no nodes.`)
    await runQmpJob(qmp, mergeJob(plan.disk), 'block-commit', { device, 'top-node': top, 'base-node': base, 'backing-file': plan.into }, {
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.onProgress === undefined ? {} : { onProgress: ({ current, total }) => options.onProgress?.(total === 0 ? 1 : current / total) }),
    })
    core.context.atStep('merge.committed')
    await core.queue.run(async () => {
      await finishMerge(core, plan, above)
      // A QEMU that has ended meanwhile has let go of everything.
      await removeNodes(qmp, [join(diskFolder(core.names, plan.disk), plan.from)]).catch(ignoreEnd)
    })
  } catch (error) {
    await core.queue.run(() => giveUp(core))
    // Of a job that failed QEMU has only words.
    throw (await findOutOfSpace(join(diskFolder(core.names, plan.disk), plan.into), null, error)) ?? error
  }
}

function ignoreEnd(error: unknown): void {
  if (!isMayflyError(error, 'qmp-interrupted')) throw error
}

const mergeJob = (disk: DeviceId): string => `merge-${disk}`

/** Names the merge, then lets the three files be written: the lower gets the content, the ones above the name of what they stand on. */
async function begin(core: MachineCore, { disk, into, from, above }: Plan): Promise<void> {
  await writeJournal(core.context, core.names, { act: 'merge', step: 'merging', disk, into, from })
  for (const file of [into, from, ...above]) await chmod(join(diskFolder(core.names, disk), file), 0o600)
}

/** Nothing is lost: the lower layer is only seen through the upper one. */
async function giveUp(core: MachineCore): Promise<void> {
  try {
    await protectFrozen(core.names)
    await closeJournal(core.names)
  } catch (error) {
    core.context.log(`${core.id}: a merge that failed is left open: ${String(error)}`)
  }
}

/** The lower layer has everything: all points name it instead of the upper one, which goes. Can be repeated. `isDone`: a layer whose header QEMU has written already. */
async function finishMerge(core: MachineCore, { disk, into, from }: Merge, isDone: string | null): Promise<void> {
  const { context, names } = core
  // A disk may be one whose writes nobody waits for (`cache: unsafe`): until now the upper layer had to be there.
  await syncLayers(names, { [disk]: [into] })
  await writeJournal(context, names, { act: 'merge', step: 'merged', disk, into, from })
  const { sound } = await readCheckpoints(names)
  const present = await readPresent(names)
  for (const file of layersAbove([present.disks, ...sound.map(({ disks }) => disks)], disk, from)) {
    if (file === isDone) continue
    const path = join(diskFolder(names, disk), file)
    await chmod(path, 0o600)
    await renameBacking(path, into)
  }
  const merged = (chains: Layers): Layers => Object.fromEntries(Object.entries(chains).map(([id, chain]) => [id, id === disk ? mergedChain(chain, { disk, into, from }) : chain]))
  for (const record of sound) if (record.disks[disk]?.includes(from) === true) await writeCheckpoint(names, { ...record, disks: merged(record.disks) })
  context.atStep('merge.checkpoints')
  await writeLayers(names, merged(present.disks))
  context.atStep('merge.layers')
  await rm(join(diskFolder(names, disk), from), { force: true })
  await protectFrozen(names)
  await closeJournal(names)
}

/** Settles a merge that was interrupted. Runs in the machine's queue. */
export async function recoverMerge(core: MachineCore, act: Extract<Act, { act: 'merge' }>): Promise<string | null> {
  if (act.step === 'merged' || (await wasMerged(core, act))) {
    await finishMerge(core, act, null)
    return `A merge of layers of ${core.name} that was interrupted was finished.`
  }
  await protectFrozen(core.names)
  await closeJournal(core.names)
  return `A merge of layers of ${core.name} that was interrupted was given up. Its disks are as they were.`
}

/** A QEMU that lives on may have finished by itself, or still be at it. */
async function wasMerged(core: MachineCore, { disk, into, from }: Merge): Promise<boolean> {
  if (!hasProcess(core.state)) return false
  const { qmp } = liveOf(core)
  await endQmpJob(qmp, mergeJob(disk))
  const open = await liveChain(qmp, disk)
  return open.includes(into) && !open.includes(from)
}
