/**
 * Imports one of our TypeScript modules into a script of this folder. Node 20 cannot, so the
 * module is bundled with all it imports into a temporary file first.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * @param {string} entry absolute path of a `.ts` file
 * @returns {Promise<Record<string, unknown>>} its exports
 */
export async function importTypeScript(entry) {
  const { build } = await import('rolldown')
  const folder = mkdtempSync(join(tmpdir(), 'mayfly-import-'))
  try {
    await build({
      input: { module: entry },
      platform: 'node',
      transform: { target: 'node20' },
      external: /^node:/,
      output: { dir: folder, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
    })
    return await import(pathToFileURL(join(folder, 'module.mjs')).href)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
