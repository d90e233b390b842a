/** Files on their way to becoming images, as rows to show. */
import { text } from '../text/text.ts'
import { formatBytes } from '../ui/size-text.ts'
import type { ProgressRow } from '../ui/progress-rows.tsx'
import { dismissAdding, useAdding } from './adding.ts'
import { useMirror } from './mirror.ts'

/** Those that have not become an image yet. */
export function useAddingRows(): readonly ProgressRow[] {
  const list = useAdding(({ list }) => list)
  const jobs = useMirror(({ jobs }) => jobs)
  return list.filter(({ image }) => image === undefined).map(({ key, fileName, sent, job: id, error, stop }) => {
    const job = jobs.find((candidate) => candidate.id === id)
    return {
      key,
      title: fileName,
      told: sent === undefined ? (job?.stage ?? text.adding.checking) : text.adding.sending(`${formatBytes(sent.bytes)} / ${formatBytes(sent.of)}`),
      progress: sent === undefined ? (job?.progress ?? undefined) : sent.of === 0 ? 0 : sent.bytes / sent.of,
      error: error === undefined ? undefined : { title: text.adding.failed(fileName), message: `${error.message} ${error.next ?? ''}`.trim() },
      stop,
      dismiss: () => dismissAdding(key),
    }
  })
}
