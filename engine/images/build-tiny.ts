/** Builds the tiny image as a job: the builder's reports become the job's stage and progress. */
import { join } from 'node:path'
import type { JobHandle } from '../jobs/job-book.ts'
import { nativeFolder } from '../native.ts'
import { buildTinyImage, type TinyImage } from './tiny/build-tiny-image.ts'

/** Makes the image below `cacheFolder`, or finds it there. Throws what the builder throws. */
export function buildTiny(cacheFolder: string, job: JobHandle): Promise<TinyImage> {
  return buildTinyImage({
    outputDir: join(cacheFolder, 'tiny'),
    cacheDir: join(cacheFolder, 'tiny-packages'),
    helperBinary: join(nativeFolder(), 'mayfly-guest-exec'),
    signal: job.signal,
    onProgress: ({ stage, fraction }) => {
      job.stage(stage)
      job.progress(fraction)
    },
  })
}
