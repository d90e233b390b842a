/**
 * The page's mirror of the engine: machines, jobs and images as the last event said. Written by
 * the sync module alone; actions call the engine and wait for its event like everybody else.
 */
import type { Image } from '../../contract/image.ts'
import type { Job } from '../../contract/job.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import type { Run } from '../../contract/run.ts'
import type { Template } from '../../contract/template.ts'
import { create } from 'zustand'

export interface Mirror {
  /** `away`: what is shown is of `asOf`, the engine does not answer. */
  readonly phase: 'connecting' | 'live' | 'away'
  /** Set while it is known that the engine is there but does not answer: what was said of it. */
  readonly frozen: string | null
  /** While it is away: whether it is the host that cannot be reached. */
  readonly noWay: boolean
  /** When the engine went away; milliseconds since 1970. */
  readonly asOf: number | null
  /** In the order of their names. */
  readonly machines: readonly MachineSummary[]
  /** Newest first. */
  readonly jobs: readonly Job[]
  readonly images: readonly Image[]
  readonly templates: readonly Template[]
  /** Newest first. */
  readonly runs: readonly Run[]
  /** By machine: changes whenever its tree of checkpoints did; then it must be asked for again. */
  readonly timelineRevisions: Readonly<Record<string, number>>
}

export const useMirror = create<Mirror>(() => ({ phase: 'connecting', frozen: null, noWay: false, asOf: null, machines: [], jobs: [], images: [], templates: [], runs: [], timelineRevisions: {} }))

export function useMachine(id: string | undefined): MachineSummary | undefined {
  return useMirror((mirror) => mirror.machines.find((machine) => machine.id === id))
}
