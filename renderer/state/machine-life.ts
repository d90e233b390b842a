/** How long a machine lives: the words for a throwaway and for a time to live. */
import type { MachineSummary } from '../../contract/machine.ts'
import { text } from '../text/text.ts'
import { formatDuration } from '../text/time.ts'
import { useNow } from './now.ts'

export interface LifeWords {
  /** `deletes itself in 1 h 42 min` */
  readonly whole: string
  /** `1 h 42 min left`, beside a picture that says the rest. */
  readonly short: string
}

/** Undefined for a machine that stays. */
export function useLifeWords(machine: MachineSummary): LifeWords | undefined {
  const now = useNow()
  return lifeWords(machine, now)
}

function lifeWords({ throwaway, expiresAt }: MachineSummary, now: number): LifeWords | undefined {
  if (expiresAt !== null) {
    const duration = formatDuration((Date.parse(expiresAt) - now) / 1000)
    return { whole: text.life.in(duration), short: text.life.left(duration) }
  }
  return throwaway ? { whole: text.life.whenItStops, short: text.life.untilItStops } : undefined
}

/** Whether it goes by itself. */
export function isPassing({ throwaway, expiresAt }: MachineSummary): boolean {
  return throwaway || expiresAt !== null
}
