/** A boot as parts of a bar: how long each phase took. Pure. */
import { bootPhases } from '../../state/boot-phase.ts'
import type { BootPhase } from '../../state/boot-phase.ts'
import type { PhaseTimes } from '../../state/boot.ts'

export interface BootPart {
  /** `silent`: before the guest wrote anything. */
  readonly phase: Exclude<BootPhase, 'ready'> | 'silent'
  readonly seconds: number
}

/** From the start to ready; a phase that was passed too fast to be seen has no part. Empty where it never was ready. */
export function bootParts(seen: PhaseTimes): readonly BootPart[] {
  const { ready } = seen
  if (ready === undefined) return []
  const begun = bootPhases.flatMap((phase) => (phase === 'ready' || seen[phase] === undefined ? [] : [{ phase, at: seen[phase] }])).toSorted((a, b) => a.at - b.at)
  const parts = [{ phase: 'silent' as const, at: 0 }, ...begun].map(({ phase, at }, index, all): BootPart => ({ phase, seconds: Math.max(0, (all[index + 1]?.at ?? ready) - at) }))
  return parts.filter(({ seconds }) => seconds > 0)
}
