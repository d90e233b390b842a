/**
 * Builds the pages of renderer/ into out/renderer. What a page loads is named after its content,
 * so a browser may keep it for good; the page itself is written last.
 */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { digestOf, filesBelow, isFresh, writeStamp } from './content-stamp.mjs'

/** Stands where hosts put the nonce of each page; hosts/page/content-security.ts replaces it. */
const noncePlaceholder = '__MAYFLY_NONCE__'

/**
 * Names one chunk for all that the page loads before it shows anything. Left alone, the bundler cuts
 * out whatever a later page shares, and the first page begins with fifty files; in the window each
 * of them is asked of a process that is busy starting.
 * @param {string} entry
 */
function loadedFirst(entry) {
  /** @type {Set<string> | undefined} */
  let first
  /**
   * @param {string} id
   * @param {{ getModuleInfo(id: string): { importedIds: readonly string[] } | null }} bundle
   */
  return (id, bundle) => {
    if (first === undefined) {
      first = new Set([entry])
      for (const module of first) for (const imported of bundle.getModuleInfo(module)?.importedIds ?? []) first.add(imported)
    }
    return first.has(id) ? 'window' : null
  }
}

/**
 * @param {string} root the checkout
 * @returns {Promise<boolean>} whether there was something to do
 */
export async function buildRenderer(root) {
  const source = join(root, 'renderer')
  if (!existsSync(join(source, 'index.html'))) return false
  const inputs = filesBelow([source, join(root, 'contract')], (path) => /\.(tsx?|css|html|svg|json)$/.test(path) && !/\.(test|fixture)\.tsx?$/.test(path))
  const digest = digestOf(root, [...inputs, fileURLToPath(import.meta.url), join(root, 'package-lock.json')])
  const folder = join(root, 'out/renderer')
  const stampFile = join(root, 'out/stamps/renderer')
  if (isFresh(stampFile, digest, [join(folder, 'index.html')])) return false

  const { build } = await import('vite')
  const fresh = join(root, 'out', `.renderer-${process.pid}`)
  const old = join(root, 'out', `.renderer-old-${process.pid}`)
  try {
    await build({
      root: source,
      configFile: false,
      logLevel: 'warn',
      cacheDir: join(root, 'out/vite'),
      html: { cspNonce: noncePlaceholder },
      build: {
        outDir: fresh,
        emptyOutDir: true,
        target: 'chrome130',
        // A data: URL would not be kept by the browser, and fonts from one are not allowed.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        chunkSizeWarningLimit: 900,
        rolldownOptions: {
          output: { codeSplitting: { groups: [{ debugName: 'window', name: loadedFirst(join(source, 'app/main.tsx')) }] } },
          onLog: (level, log, defaultHandler) => {
            // The component library marks every file for servers that render React; there is none here.
            if (log.code !== 'MODULE_LEVEL_DIRECTIVE') defaultHandler(level, log)
          },
        },
      },
    })
    if (existsSync(folder)) renameSync(folder, old)
    renameSync(fresh, folder)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
    rmSync(old, { recursive: true, force: true })
  }
  writeStamp(stampFile, digest)
  return true
}
