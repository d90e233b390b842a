/** What differs between two checkpoints, asked for once somebody stays on them for a moment. Two checkpoints never change. */
import { useEffect, useState } from 'react'
import type { CheckpointDiff } from '../../../contract/checkpoint.ts'
import type { MayflyError } from '../../../contract/errors.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'

interface Told {
  readonly of: string
  readonly diff?: CheckpointDiff
  readonly error?: MayflyError
}

/** Whoever walks through the tree with the arrows asks nothing on the way. */
const settlingMs = 200
const keptAtMost = 100
const known = new Map<string, CheckpointDiff>()

export function useDiff(machine: string, a: string | null | undefined, b: string | undefined): Omit<Told, 'of'> {
  const of = `${a} ${b}`
  const [told, setTold] = useState<Told>()
  useEffect(() => {
    if (a == null || b === undefined || a === b || known.has(of)) return
    const abort = new AbortController()
    const timer = setTimeout(() => {
      engine.checkpoint.diff({ machine, a, b }, { signal: abort.signal }).then(
        (diff) => {
          if (known.size >= keptAtMost) known.clear()
          known.set(of, diff)
          setTold({ of, diff })
        },
        (error: unknown) => {
          if (!abort.signal.aborted) setTold({ of, error: toMayflyError(error) })
        },
      )
    }, settlingMs)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [machine, a, b, of])
  const diff = known.get(of)
  if (diff !== undefined) return { diff }
  return told?.of === of ? told : {}
}
