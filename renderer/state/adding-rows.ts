/** Files on their way to becoming images, as rows to show. */
import { useEffect } from 'react'
import { text } from '../text/text.ts'
import { formatBytes } from '../ui/size-text.ts'
import type { ProgressRow } from '../ui/progress-rows.tsx'
import { dismissAdding, recallUploads, useAdding } from './adding.ts'
import type { Adding } from './adding.ts'
import { useMirror } from './mirror.ts'

/** Those that have not become an image yet. */
export function useAddingRows(): readonly ProgressRow[] {
  const list = useAdding(({ list }) => list)
  const jobs = useMirror(({ jobs }) => jobs)
  // A server that does not answer is told elsewhere.
  useEffect(() => void recallUploads().catch(() => undefined), [])
  return list.filter(({ image }) => image === undefined).map(({ key, fileName, sent, upload, job: id, error, stop }) => {
    const job = jobs.find((candidate) => candidate.id === id)
    return {
      key,
      title: fileName,
      told: sent === undefined ? (job?.stage ?? text.adding.checking) : toldOf(sent, upload !== undefined),
      waits: upload !== undefined,
      progress: sent === undefined ? (job?.progress ?? undefined) : sent.of === 0 ? 0 : sent.bytes / sent.of,
      error: error === undefined ? undefined : { title: text.adding.failed(fileName), message: `${error.message} ${error.next ?? ''}`.trim() },
      stop,
      dismiss: () => dismissAdding(key),
    }
  })
}

function toldOf({ bytes, of, kept }: NonNullable<Adding['sent']>, waits: boolean): string {
  const share = `${formatBytes(bytes)} / ${formatBytes(of)}`
  if (waits) return text.adding.half(share)
  return kept === 0 ? text.adding.sending(share) : text.adding.goesOn(share, formatBytes(kept))
}
