/** Builds the tiny image as a job: the builder's reports become the job's stage and progress. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobHandle } from '../jobs/job-book.ts'
import { nativeFolder } from '../native.ts'
import { buildTinyImage, type TinyImage } from './tiny/build-tiny-image.ts'

/** Makes the image below `cacheFolder`, or finds it there. Throws what the builder throws. */
export function buildTiny(cacheFolder: string, job: JobHandle): Promise<TinyImage> {
  return buildTinyImage({
    outputDir: outputFolder(cacheFolder),
    cacheDir: join(cacheFolder, 'tiny-packages'),
    helperBinary: join(nativeFolder(), 'mayfly-guest-exec'),
    signal: job.signal,
    onProgress: ({ stage, fraction }) => {
      job.stage(stage)
      job.progress(fraction)
    },
  })
}

/** Forgets what was built under this key; the packages it was made of stay. */
export async function forgetBuiltTiny(cacheFolder: string, key: string): Promise<void> {
  await rm(join(outputFolder(cacheFolder), key), { recursive: true, force: true })
}

function outputFolder(cacheFolder: string): string {
  return join(cacheFolder, 'tiny')
}
