/**
 * For tests: the tiny image, built once for all suites of a user (`MAYFLY_TEST_CACHE`, or a
 * folder of the user's in the temporary folder). Only the very first build needs the network.
 */
import { createHash } from 'node:crypto'
import { access, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { buildNativeHelper } from '../../guest/exec/native-helper.fixture.ts'
import { buildTinyImage, type TinyImage } from './build-tiny-image.ts'

export const testCacheDir = process.env['MAYFLY_TEST_CACHE'] ?? path.join(tmpdir(), `mayfly-test-cache-${process.getuid?.() ?? 'shared'}`)

const helperSources = fileURLToPath(new URL('../../../native/guest-exec/', import.meta.url))

/** The guest's helper, built when its sources have changed. */
export async function testHelperBinary(): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(helperSources)).sort()) hash.update(name).update(await readFile(path.join(helperSources, name)))
  const binary = path.join(testCacheDir, `mayfly-exec-${hash.digest('hex').slice(0, 16)}`)
  const present = await access(binary).then(() => true, () => false)
  if (!present) await buildNativeHelper(binary)
  return binary
}

/** The image that every suite with a guest boots. */
export async function testImage(): Promise<TinyImage> {
  return buildTinyImage({ outputDir: path.join(testCacheDir, 'images'), cacheDir: testCacheDir, helperBinary: await testHelperBinary() })
}
