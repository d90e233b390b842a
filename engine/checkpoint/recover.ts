/**
 * Finishes or undoes what another engine, or a failure, left under way on a machine's layers, and
 * says which in the machine's event log. Runs when the engine starts, and before the next act.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import { hasProcess, statesAtRest } from '../../contract/machine-state.ts'
import { plugClipboard } from '../machine/clipboard-channel.ts'
import { forgetFreeze, goOn, interruptedFreeze } from '../machine/freeze.ts'
import { type Layers, readPresent, writeLayers } from '../machine/layers.ts'
import { liveDisks } from '../machine/live-disks.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import type { FoundMachine } from '../machine/machines.ts'
import { mayHave } from '../machine/read-machine.ts'
import { reconcile } from '../machine/reconcile.ts'
import { ramAtRest } from '../qemu/process/ram-library.ts'
import { diskFolder } from '../storage/names.ts'
import { dropAside, sweepCheckpoints } from './checkpoint-store.ts'
import { collectGarbage } from './collect-garbage.ts'
import { settleCopy } from './copied-layers.ts'
import { finishDelete } from './delete-now.ts'
import { thaw, thawIfOwed } from './guest-file-systems.ts'
import { type Act, closeJournal, readJournal } from './journal.ts'
import { removeNodes } from './live-chain.ts'
import { recoverMerge } from './merge-layers.ts'
import { recoverRestore } from './restore-now.ts'
import { protectFrozen } from './protect-frozen.ts'
import { finishTake } from './take-now.ts'

/** How long an engine that starts waits for it. */
const settledWithinMs = 30_000

/**
 * Settles every machine that has something open, and removes what is left of earlier acts. One that cannot be
 * settled keeps its journal, and never hinders another; one that takes long is settled in its queue, where whatever is asked of it waits.
 */
export async function recoverAll(found: readonly FoundMachine[]): Promise<void> {
  const patience = new AbortController()
  const settling = Promise.all(found.filter(mayBeOpen).map(({ core, content }) =>
    core.queue
      .run(async () => {
        await settleFreeze(core)
        thawIfOwed(core)
        if (mayHave(content, core.names.journal)) await settleJournal(core)
        if (core.stored.checkpoints > 0) await tidy(core)
      })
      .catch((error: unknown) => core.context.log(`${core.id}: what was under way on its layers could not be settled: ${String(error)}`)),
  ))
  try {
    await Promise.race([settling, delay(settledWithinMs, undefined, { signal: patience.signal })])
  } finally {
    patience.abort()
  }
}

/** Of most machines at rest it is plain that nothing was under way. */
function mayBeOpen({ core, content }: FoundMachine): boolean {
  return core.state !== 'broken' && (core.live !== null || core.stored.checkpoints > 0 || mayHave(content, core.names.journal))
}

/** Removes what is left of acts that were interrupted. Runs in the machine's queue, with no journal open. */
export async function tidy(core: MachineCore): Promise<void> {
  await sweepCheckpoints(core.names)
  await collectGarbage(core.names)
}

/** Runs in the machine's queue. Nothing where no act is open. Throws where it cannot be settled now; the journal stays. */
export async function settleJournal(core: MachineCore): Promise<void> {
  const act = await readJournal(core.names)
  if (act === null) return
  const sentence = await settle(core, act)
  if (sentence !== null) core.happened('checkpoint', sentence)
}

async function settle(core: MachineCore, act: Act): Promise<string | null> {
  switch (act.act) {
    case 'take':
      if (act.step === 'recording') {
        await finishTake(core, act.checkpoint)
        return `A checkpoint of ${core.name} that was interrupted was finished.`
      }
      requireKnown(core)
      if (act.thaw && core.live !== null) await thaw(core, core.live)
      await dropAside(core.names, act.checkpoint)
      await settlePresent(core)
      await protectFrozen(core.names)
      await closeJournal(core.names)
      await tidy(core)
      return `A checkpoint of ${core.name} that was interrupted was undone. The machine is as it was.`
    case 'restore':
      requireKnown(core)
      return recoverRestore(core, act)
    case 'delete':
      await finishDelete(core, act.checkpoint)
      return `The deletion of a checkpoint of ${core.name} that was interrupted was finished.`
    case 'merge':
      return recoverMerge(core, act)
    case 'copy':
      await settleCopy(core)
      await tidy(core)
      return null
  }
}

/** Throws `conflict` where nobody knows what its guest does, or has. */
function requireKnown(core: MachineCore): void {
  if (core.state !== 'unknown') return
  throw new MayflyError('conflict', `What was under way on the layers of ${core.name} cannot be settled now. ${core.stateReason ?? 'Its state is unknown.'}`, { state: core.state, allowed: ['running', 'paused', ...statesAtRest] }, { next: `Wait until it answers again, or switch it off: mayfly stop --force ${core.commandWord}` })
}

const saveEndsWithinMs = 10_000

/** A freeze of a machine that lives on, for a checkpoint or a fork: what it was to be for a moment it is no longer. Runs in the machine's queue. */
export async function settleFreeze(core: MachineCore): Promise<void> {
  const before = await interruptedFreeze(core)
  if (before === null || core.live === null) return
  // Whoever froze it is dead, what was asked for is done all the same; a guest that went on before would lose what it writes.
  await ramAtRest(core.runtime.ramSocket, core.queue.closing)
  for (const deadline = performance.now() + saveEndsWithinMs; core.state === 'saving' && performance.now() < deadline; ) {
    // QEMU finds out that nobody takes the state any more.
    await delay(20)
    await reconcile(core)
  }
  core.context.atStep('recover.going')
  if (before === 'running') await letGoOn(core)
  else await standAgain(core)
  await settlePresent(core)
  // The freeze of a fork has no journal; where there is one, settling it does this.
  if ((await readJournal(core.names)) === null) await protectFrozen(core.names)
  if (core.run?.config.clipboard === true) await plugClipboard(core).catch(ignoreExpected)
  core.context.atStep('recover.gone')
  await forgetFreeze(core)
}

/** A guest that its owner has paused, and whose state was saved to the end: QEMU would refuse to save it again. */
async function standAgain(core: MachineCore): Promise<void> {
  if (core.live === null || (await core.live.qmp.execute('query-status')).status !== 'postmigrate') return
  await goOn(core.live.qmp, false)
  await reconcile(core)
}

/** A guest that was only to stand still for a moment. */
async function letGoOn(core: MachineCore): Promise<void> {
  if (core.live === null || core.state !== 'paused' || core.pausedBy !== 'user') return
  await core.live.qmp.execute('cont').catch(ignoreExpected)
  await reconcile(core)
}

/**
 * Layers are named on top of a disk before QEMU writes to them. A QEMU that lives and does not write
 * to the topmost one never came to it: it holds nothing, and is taken off.
 */
async function settlePresent(core: MachineCore): Promise<void> {
  if (statesAtRest.some((state) => state === core.state) || !hasProcess(core.state) || core.live === null) return
  const { disks } = await readPresent(core.names)
  const live = await liveDisks(core.live.qmp)
  const unused: string[] = []
  const settled: Layers = Object.fromEntries(Object.entries(disks).map(([disk, chain]) => {
    const at = chain.indexOf(live.get(disk)?.file ?? '')
    if (at === -1 || at === chain.length - 1) return [disk, chain]
    unused.push(...chain.slice(at + 1).map((file) => join(diskFolder(core.names, disk), file)))
    return [disk, chain.slice(0, at + 1)]
  }))
  if (unused.length === 0) return
  await writeLayers(core.names, settled)
  await removeNodes(core.live.qmp, unused)
  for (const file of unused) await rm(file, { force: true })
}

function ignoreExpected(error: unknown): void {
  if (!isMayflyError(error)) throw error
}
