/**
 * Settles what was left open on a machine that came under the engine's eyes after it had started: one whose monitor
 * was silent when the engine looked, or one that was taken out of the trash.
 */
import type { MachineCore } from '../machine/machine-core.ts'
import { actOnLayers } from './layer-acts.ts'
import { thawIfOwed } from './guest-file-systems.ts'
import { settleFreeze, tidy } from './recover.ts'

/** Runs in the machine's queue. The journal may be that of an act of this engine, whose turn comes first, so it is not waited for. */
export async function settleAgain(core: MachineCore): Promise<void> {
  await settleFreeze(core)
  thawIfOwed(core)
  void actOnLayers(core, () => core.queue.run(() => tidy(core))).catch((error: unknown) => core.context.log(`${core.id}: what was under way on its layers could not be settled: ${String(error)}`))
}
