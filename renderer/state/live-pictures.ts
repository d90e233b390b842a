/**
 * Pictures of many screens, about once a second each: only of those in sight, never more than a
 * few asked for at once, and none while the page is hidden. A host that cannot keep up is asked
 * less often, not more.
 */
import { useEffect } from 'react'
import { create } from 'zustand'
import { engine } from './connection.ts'
import { useMirror } from './mirror.ts'

const eachMs = 1000
const atOnce = 2
/** A machine without a screen, or one that just ended, is asked again later. */
const afterFailureMs = 5000

/** data: URLs; the last one stays for as long as the machine is there. */
const usePictures = create<{ readonly byMachine: Readonly<Record<string, string>> }>(() => ({ byMachine: {} }))

/** Those in sight, and from when on each may be asked for again. */
const wanted = new Map<string, number>()
let underWay = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** `inSight`: whether somebody can see it now, and it has a screen to show. */
export function useLivePicture(machine: string, inSight: boolean): string | undefined {
  useEffect(() => {
    if (!inSight) return
    wanted.set(machine, 0)
    plan(0)
    return () => {
      wanted.delete(machine)
    }
  }, [machine, inSight])
  return usePictures(({ byMachine }) => byMachine[machine])
}

function plan(inMs: number): void {
  if (timer !== undefined || wanted.size === 0) return
  timer = setTimeout(() => {
    timer = undefined
    takeDue()
  }, inMs)
}

function takeDue(): void {
  const now = Date.now()
  if (!document.hidden && useMirror.getState().phase === 'live') {
    for (const [machine, notBefore] of wanted) {
      if (underWay >= atOnce) break
      if (notBefore <= now) void take(machine, now)
    }
  }
  plan(document.hidden ? eachMs : 100)
}

async function take(machine: string, startedAt: number): Promise<void> {
  underWay++
  // Moved to the end, so that all have their turn.
  wanted.delete(machine)
  wanted.set(machine, Number.POSITIVE_INFINITY)
  let next = startedAt + eachMs
  try {
    const { mediaType, base64 } = await engine.machine.screenshot({ machine })
    const picture = `data:${mediaType};base64,${base64}`
    keep(machine, picture)
  } catch {
    next = startedAt + afterFailureMs
  }
  underWay--
  if (wanted.has(machine)) wanted.set(machine, next)
}

function keep(machine: string, picture: string): void {
  const { byMachine } = usePictures.getState()
  if (byMachine[machine] === picture) return
  const there = new Set<string>(useMirror.getState().machines.map(({ id }) => id))
  usePictures.setState({ byMachine: { ...Object.fromEntries(Object.entries(byMachine).filter(([id]) => there.has(id))), [machine]: picture } })
}
