/** A boot as parts of a bar: how long each phase took. Pure. */
import type { BootPhase, SeenBoot } from '../../../contract/machine.ts'
import { bootPhases } from '../../state/boot-phases.ts'

export interface BootPart {
  /** `silent`: before the guest wrote anything. */
  readonly phase: Exclude<BootPhase, 'ready'> | 'silent'
  readonly seconds: number
}

/** From the start to ready; a phase that was passed too fast to be seen has no part. */
export function bootParts({ phases, readySeconds }: Pick<SeenBoot, 'phases' | 'readySeconds'>): readonly BootPart[] {
  const begun = bootPhases.flatMap((phase) => (phase === 'ready' || phases[phase] === undefined ? [] : [{ phase, at: phases[phase] }])).toSorted((a, b) => a.at - b.at)
  const parts = [{ phase: 'silent' as const, at: 0 }, ...begun].map(({ phase, at }, index, all): BootPart => ({ phase, seconds: Math.max(0, (all[index + 1]?.at ?? readySeconds) - at) }))
  return parts.filter(({ seconds }) => seconds > 0)
}
