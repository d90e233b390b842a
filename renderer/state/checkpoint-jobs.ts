/** Long work on a machine's checkpoints: what goes on now, and what failed and was not seen to. */
import { create } from 'zustand'
import type { Job, JobKind } from '../../contract/job.ts'
import { text } from '../text/text.ts'
import type { ProgressRow } from '../ui/progress-rows.tsx'
import { engine } from './connection.ts'
import { useMirror } from './mirror.ts'

const kinds = ['checkpoint.take', 'checkpoint.restore', 'checkpoint.delete', 'machine.export', 'machine.promote'] as const satisfies readonly JobKind[]
type CheckpointJob = Job & { readonly kind: (typeof kinds)[number] }

/** A failure of long ago is found under Jobs; here it would only be in the way. */
const shownForMs = 10 * 60_000

const useSeen = create<{ readonly jobs: ReadonlySet<string> }>(() => ({ jobs: new Set() }))

function isOf(machine: string): (job: Job) => job is CheckpointJob {
  return (job): job is CheckpointJob => job.machine === machine && kinds.includes(job.kind as CheckpointJob['kind'])
}

export function useCheckpointJobs(machine: string): ProgressRow[] {
  const jobs = useMirror(({ jobs }) => jobs)
  const seen = useSeen(({ jobs }) => jobs)
  return jobs.filter(isOf(machine)).flatMap((job): ProgressRow[] => {
    const { id, title, stage, progress, state, error, kind, endedAt } = job
    const row = { key: id, title, told: stage, progress: progress ?? undefined, stop: () => void engine.job.cancel({ job: id }).catch(() => undefined), dismiss: () => useSeen.setState(({ jobs }) => ({ jobs: new Set([...jobs, id]) })) }
    if (state === 'running') return [{ ...row, error: undefined }]
    if (state !== 'failed' || error === null || seen.has(id) || Date.now() - Date.parse(endedAt ?? '') > shownForMs) return []
    return [{ ...row, error: { title: text.timeline.notDone[kind], message: `${error.message} ${error.next ?? ''}`.trim() } }]
  })
}
