/** What somebody has said about a run that is not started yet. Stays when one looks elsewhere. */
import { create } from 'zustand'

export interface MatrixKey {
  readonly key: string
  /** With commas between. */
  readonly values: string
}

/** All as typed. */
export interface RunDraft {
  readonly template: string | undefined
  readonly command: string
  readonly matrix: readonly MatrixKey[]
  readonly count: string
  readonly parallel: string
  readonly timeout: string
  readonly cpus: string
  readonly memory: string
  readonly cwd: string
  readonly copyOut: string
  readonly keepOnFailure: boolean
  /** The run whose files its commands are given. */
  readonly filesOf: { readonly run: string; readonly number: number; readonly bytes: number; readonly kept: boolean } | undefined
}

export const emptyRunDraft: RunDraft = { template: undefined, command: '', matrix: [], count: '1', parallel: '', timeout: '5m', cpus: '', memory: '', cwd: '', copyOut: '', keepOnFailure: true, filesOf: undefined }

export const useRunDraft = create<RunDraft>(() => emptyRunDraft)

export function changeRunDraft(to: Partial<RunDraft>): void {
  useRunDraft.setState(to)
}
