/** Bundles code of a test for where it runs. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

const checkout = fileURLToPath(new URL('../..', import.meta.url))

/** The code of a script for a page. */
export async function bundleForPage(entry: string): Promise<string> {
  const { output } = await build({ input: join(checkout, entry), platform: 'browser', write: false, output: { format: 'iife' } })
  return output[0].code
}

/** Writes a program for Electron's main process, or a preload script. */
export async function bundleForElectron(entry: string, file: string, format: 'esm' | 'commonjs'): Promise<void> {
  await build({ input: join(checkout, entry), platform: 'node', external: [/^node:/, 'electron'], output: { file, format, codeSplitting: false } })
}
