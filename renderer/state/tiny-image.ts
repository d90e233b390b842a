/** The tiny image: found among the images, or built from this host's packages when it is first wanted. */
import type { Image } from '../../contract/image.ts'
import type { Job } from '../../contract/job.ts'
import { fromErrorRecord } from '../../contract/wire/error-record.ts'
import { engine } from './connection.ts'
import { findTiny } from './find-tiny.ts'
import { useMirror } from './mirror.ts'

export function useTiny(): Image | undefined {
  return useMirror(({ images }) => findTiny(images))
}

/** The job that builds it just now, whoever asked for it. */
export function useTinyJob(): Job | undefined {
  return useMirror(({ jobs }) => jobs.find(({ kind, state }) => kind === 'image.build' && state === 'running'))
}

/** Resolves with the image's id, having built it where it was missing. Rejects with `MayflyError`: why it could not be built, or `cancelled`. */
export async function tinyImage(): Promise<string> {
  const { images, jobs } = useMirror.getState()
  const present = findTiny(images)
  if (present !== undefined) return present.id
  const running = jobs.find(({ kind, state }) => kind === 'image.build' && state === 'running') ?? (await engine.image.build({ recipe: 'tiny' }))
  const ended = await engine.job.wait({ job: running.id })
  if (ended.error !== null) throw fromErrorRecord(ended.error)
  const image = ended.result?.image
  if (image === undefined) throw new TypeError('A job that built an image has none.')
  return image
}
