/** Templates that are being made, and those that failed and were not seen to. */
import { useState } from 'react'
import { text } from '../../text/text.ts'
import { engine } from '../../state/connection.ts'
import { useMirror } from '../../state/mirror.ts'
import type { ProgressRow } from '../../ui/progress-rows.tsx'

/** A failure of long ago is found under Jobs. */
const shownForMs = 60 * 60_000

export function useMakingRows(): ProgressRow[] {
  const jobs = useMirror(({ jobs }) => jobs)
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set())
  return jobs.filter(({ kind }) => kind === 'template.make').flatMap(({ id, title, stage, progress, state, error, endedAt }): ProgressRow[] => {
    const row = { key: id, title, told: stage, progress: progress ?? undefined, stop: () => void engine.job.cancel({ job: id }).catch(() => undefined), dismiss: () => setSeen(new Set([...seen, id])) }
    if (state === 'running') return [{ ...row, error: undefined }]
    if (state !== 'failed' || error === null || seen.has(id) || Date.now() - Date.parse(endedAt ?? '') > shownForMs) return []
    return [{ ...row, error: { title: text.error.couldNot(title), message: `${error.message} ${error.next ?? ''}`.trim() } }]
  })
}
