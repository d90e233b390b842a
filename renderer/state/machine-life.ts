/** How long a machine lives: the words for a throwaway and for a time to live. */
import type { MachineSummary } from '../../contract/machine.ts'
import { text } from '../text/text.ts'
import { formatDuration } from '../text/time.ts'
import { useNow } from './now.ts'

/** `deletes itself in 1 h 42 min`; undefined for a machine that stays. */
export function useLifeWords(machine: MachineSummary): string | undefined {
  const now = useNow()
  return lifeWords(machine, now)
}

function lifeWords({ throwaway, expiresAt }: MachineSummary, now: number): string | undefined {
  if (expiresAt !== null) return text.life.in(formatDuration((Date.parse(expiresAt) - now) / 1000))
  return throwaway ? text.life.whenItStops : undefined
}

/** Whether it goes by itself. */
export function isPassing({ throwaway, expiresAt }: MachineSummary): boolean {
  return throwaway || expiresAt !== null
}
