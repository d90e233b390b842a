/** Forks for people: one line each, then what they cannot have. */
import type { BoundForward, MachineSummary } from '../../../contract/machine.ts'
import { timeShown } from '../quantities.ts'
import { safeLine } from '../safe-text.ts'
import { paint, type Style } from '../style.ts'
import { machineLine } from './machine-view.ts'

interface Forked {
  readonly forks: readonly { readonly machine: MachineSummary; readonly forwards: readonly BoundForward[]; readonly readyMs: number }[]
  readonly pauseMs: number
  readonly notes: readonly string[]
}

export function forked({ forks, pauseMs, notes }: Forked, style: Style): string {
  const lines = forks.map(({ machine, readyMs }) => machineLine(machine, style, [`ready in ${Math.round(readyMs)} ms`, ...lifeShown(machine)]))
  const pause = pauseMs > 0 ? [`The machine they come from stood still for ${Math.max(1, Math.round(pauseMs))} ms.`] : []
  const more = [...pause, ...notes].map((note) => paint(style, 'dim', `  ${safeLine(note)}`))
  return `${lines.join('')}${more.map((line) => `${line}\n`).join('')}`
}

/** How long a machine lives, after that was changed. */
export function lifeLine(machine: MachineSummary, style: Style): string {
  const life = lifeShown(machine)
  return machineLine(machine, style, life.length === 0 ? ['it stays until it is deleted'] : life)
}

function lifeShown({ throwaway, expiresAt }: MachineSummary): string[] {
  return [...(throwaway ? ['deletes itself when it stops'] : []), ...(expiresAt === null ? [] : [`deletes itself at ${timeShown(expiresAt)}`])]
}
