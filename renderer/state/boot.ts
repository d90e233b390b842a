/**
 * A boot as this window sees it: how far it is, since when, what the guest wrote last, and how
 * long earlier ones took. Followed only while somebody looks at a machine that is coming up;
 * there is no time after which a boot has failed.
 */
import type { MachineSummary } from '../../contract/machine.ts'
import { useEffect } from 'react'
import { create } from 'zustand'
import { bootPhase, bootSeconds, lastLines, usualSeconds } from './boot-phase.ts'
import type { BootPhase } from './boot-phase.ts'
import { engine } from './connection.ts'
import { recall, remember } from './memory.ts'
import { plainText } from './plain-text.ts'

/** When each phase was first seen; seconds after the start. */
export type PhaseTimes = Readonly<Partial<Record<BootPhase, number>>>

export interface SeenBoot {
  /** When the machine was started; names the boot. */
  readonly startedAt: string
  readonly seen: PhaseTimes
}

export interface Boot extends SeenBoot {
  readonly phase: BootPhase | undefined
  /** Looked at from its beginning, so that its times are known. */
  readonly isWhole: boolean
  readonly lines: readonly string[]
  readonly usualSeconds: number | undefined
}

interface BootState {
  readonly byMachine: Readonly<Record<string, Boot>>
}

const useBoots = create<BootState>(() => ({ byMachine: {} }))

/** Guests that tell nothing of themselves are not taken for starting for ever. */
const longestSeconds = 10 * 60
const shownLines = 3
const serialTailBytes = 64 * 1024
const eventTailBytes = 64 * 1024
/** Who began to look later than this knows nothing of the beginning. */
const fromBeginningSeconds = 2.5
const keptBoots = 5

/** Starts this window saw begin. A machine that was taken back to a checkpoint runs anew without one. */
const begun = new Set<string>()
const retryMs = 1000

/** Whether its guest may still be coming up. */
function mayBeStarting({ state, startedAt, agent }: MachineSummary): boolean {
  if (state === 'starting') return true
  return state === 'running' && agent !== 'answering' && startedAt !== null && (Date.now() - Date.parse(startedAt)) / 1000 < longestSeconds
}

/** The boot under way; undefined where none is, or its guest is up. */
export function useBoot(machine: MachineSummary): Boot | undefined {
  const { id, state, startedAt, agent } = machine
  const boot = useBoots(({ byMachine }) => byMachine[id])
  const starting = mayBeStarting(machine) && !(boot?.startedAt === startedAt && boot.phase === 'ready')
  useEffect(() => {
    if (state === 'starting' && startedAt !== null) begun.add(`${id} ${startedAt}`)
    if (!starting || startedAt === null) return
    const abort = new AbortController()
    void follow(id, startedAt, abort.signal)
    return () => abort.abort()
  }, [id, state, startedAt, starting])
  // An agent that answers is one way of being up.
  useEffect(() => {
    if (agent === 'answering' && startedAt !== null) noteReady(id, startedAt)
  }, [id, startedAt, agent])
  if (!starting) return undefined
  return boot?.startedAt === startedAt ? boot : { startedAt: startedAt ?? '', seen: {}, phase: undefined, isWhole: false, lines: [], usualSeconds: undefined }
}

async function follow(machine: string, startedAt: string, signal: AbortSignal): Promise<void> {
  const elapsed = (): number => (Date.now() - Date.parse(startedAt)) / 1000
  const known = useBoots.getState().byMachine[machine]
  const isWhole = known?.startedAt === startedAt ? known.isWhole : begun.has(`${machine} ${startedAt}`) && elapsed() <= fromBeginningSeconds
  if (known?.startedAt !== startedAt) put(machine, { startedAt, seen: {}, phase: undefined, isWhole, lines: [], usualSeconds: undefined })
  void engine.machine.log({ machine, source: 'events', tailBytes: eventTailBytes }, { signal }).then(({ text }) => change(machine, startedAt, { usualSeconds: usualSeconds(earlierSeconds(machine, text)) }), () => undefined)
  let serial = ''
  while (!signal.aborted) {
    try {
      for await (const piece of await engine.machine.followLog({ machine, source: 'serial', tailBytes: serialTailBytes, thisBootOnly: true }, { signal })) {
        serial = `${serial}${plainText(piece.text)}`.slice(-serialTailBytes)
        const phase = bootPhase(serial)
        const seen: PhaseTimes = useBoots.getState().byMachine[machine]?.seen ?? {}
        change(machine, startedAt, { phase, lines: lastLines(serial, shownLines), seen: isWhole && phase !== undefined && seen[phase] === undefined ? { ...seen, [phase]: elapsed() } : seen })
        if (phase === 'ready') return keep(machine, startedAt)
      }
    } catch {
      // The machine has just begun or just ended, or the engine is away: what is known stays.
    }
    if (signal.aborted) return
    serial = ''
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

/** By the engine's own log, where the guest has an agent; else as this window saw them. */
function earlierSeconds(machine: string, eventLog: string): readonly number[] {
  const told = bootSeconds(eventLog)
  return told.length > 0 ? told : seenBoots(machine).flatMap(({ seen: { ready } }) => (ready === undefined ? [] : [ready]))
}

function noteReady(machine: string, startedAt: string): void {
  const boot = useBoots.getState().byMachine[machine]
  if (boot === undefined || boot.startedAt !== startedAt || boot.phase === 'ready') return
  change(machine, startedAt, { phase: 'ready', seen: boot.isWhole ? { ...boot.seen, ready: (Date.now() - Date.parse(startedAt)) / 1000 } : boot.seen })
  keep(machine, startedAt)
}

function put(machine: string, boot: Boot): void {
  useBoots.setState(({ byMachine }) => ({ byMachine: { ...byMachine, [machine]: boot } }))
}

function change(machine: string, startedAt: string, to: Partial<Boot>): void {
  const boot = useBoots.getState().byMachine[machine]
  if (boot?.startedAt === startedAt) put(machine, { ...boot, ...to })
}

function isSeenBoots(value: unknown): value is SeenBoot[] {
  return Array.isArray(value) && value.every((boot: unknown) => typeof boot === 'object' && boot !== null && 'startedAt' in boot && typeof boot.startedAt === 'string' && 'seen' in boot && typeof boot.seen === 'object')
}

/** Boots this window saw from beginning to end, oldest first. */
export function seenBoots(machine: string): readonly SeenBoot[] {
  return recall(`boots.${machine}`, isSeenBoots, [])
}

/** Remembers a boot that was seen whole. */
function keep(machine: string, startedAt: string): void {
  const boot = useBoots.getState().byMachine[machine]
  if (boot?.seen.ready === undefined) return
  remember(`boots.${machine}`, [...seenBoots(machine).filter((earlier) => earlier.startedAt !== startedAt), { startedAt, seen: boot.seen }].slice(-keptBoots))
}

/** The boots that were seen whole, the present one among them once its guest is up. */
export function useSeenBoots(machine: string): readonly SeenBoot[] {
  // Kept anew whenever one becomes ready.
  useBoots(({ byMachine }) => byMachine[machine]?.phase === 'ready')
  return seenBoots(machine)
}
