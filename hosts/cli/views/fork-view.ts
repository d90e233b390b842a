/** Forks for people: one line each, and beside that what they cannot have; their names alone for scripts. */
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

export function forked({ forks }: Forked, style: Style): string {
  return forks.map(({ machine, readyMs }) => machineLine(machine, style, [`ready in ${Math.round(readyMs)} ms`, ...lifeShown(machine)])).join('')
}

/** What is worth knowing of them all. */
export function forkNotes({ pauseMs, notes }: Forked, style: Style): string {
  const pause = pauseMs > 0 ? [`The machine they come from stood still for ${Math.max(1, Math.round(pauseMs))} ms.`] : []
  return [...pause, ...notes].map((note) => `${paint(style, 'dim', `  ${safeLine(note)}`)}\n`).join('')
}

/** One a line. */
export function forkNames({ forks }: Forked): string {
  return forks.map(({ machine }) => `${safeLine(machine.name)}\n`).join('')
}

/** How long a machine lives, after that was changed. */
export function lifeLine(machine: MachineSummary, style: Style): string {
  const life = lifeShown(machine)
  return machineLine(machine, style, life.length === 0 ? ['it stays until it is deleted'] : life)
}

function lifeShown({ throwaway, expiresAt }: MachineSummary): string[] {
  return [...(throwaway ? ['deletes itself when it stops'] : []), ...(expiresAt === null ? [] : [`deletes itself at ${timeShown(expiresAt)}`])]
}
