/** Why something cannot be done with a checkpoint now; undefined where it can. */
import type { Checkpoint } from '../../../contract/checkpoint.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { whyNot } from '../../state/machine-actions.ts'
import { text } from '../../text/text.ts'

/** Restoring it, branching from it, forking it. */
export function whyNotUse(machine: MachineSummary, checkpoint: Checkpoint): string | undefined {
  return checkpoint.broken ?? whyNot('checkpoint', machine)
}

export function whyNotDelete(machine: MachineSummary, { neededBy }: Checkpoint): string | undefined {
  const names = neededBy.map(({ name }) => name)
  if (names.length === 0) return whyNot('checkpoint', machine)
  return names.length === 1 ? text.timeline.cannotDeleteOne(names[0] ?? '') : text.timeline.cannotDelete(names.join(', '))
}
