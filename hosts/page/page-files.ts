/** The files of the built pages, as a host serves them. No name leads out of their folder. */
import { existsSync } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { dirname, extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { newNonce, noncePlaceholder } from './content-security.ts'

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
}

export interface PageFile {
  readonly body: Buffer | string
  readonly mediaType: string
  /** Named after its content: a browser may keep it for good. */
  readonly immutable: boolean
  /** The nonce in this copy of the page; pages only. */
  readonly nonce?: string
}

/** Where the built pages lie: in the `out/` this code is bundled into, or in the checkout's when run from source; undefined where they were not built. */
export function findPageFolder(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    const candidate = join(folder, 'out', 'renderer')
    if (existsSync(join(candidate, 'index.html'))) return candidate
    const parent = dirname(folder)
    if (parent === folder) return undefined
    folder = parent
  }
}

/** The file at `path` of a URL; undefined where there is none. `/` and places of the app, which have no extension, are the page itself. */
export async function readPageFile(folder: string | undefined, path: string): Promise<PageFile | undefined> {
  const name = decoded(path)
  if (name === undefined) return undefined
  const extension = extname(name).toLowerCase()
  if (extension === '' || name === '/index.html') return readPage(folder)
  const mediaType = mediaTypes[extension]
  if (folder === undefined || mediaType === undefined || extension === '.html') return undefined
  try {
    const file = await realpath(join(folder, name))
    // Links in the folder may lead out of it.
    if (!file.startsWith(`${await realpath(folder)}${sep}`)) return undefined
    return { body: await readFile(file), mediaType, immutable: name.startsWith('/assets/') }
  } catch {
    return undefined
  }
}

/** A plain absolute path; undefined for anything that tries to be more. */
function decoded(path: string): string | undefined {
  try {
    const name = decodeURIComponent(path)
    const plain = name.startsWith('/') && !/[\0\\]/.test(name) && !name.split('/').some((part) => part.startsWith('.'))
    return plain ? name : undefined
  } catch {
    return undefined
  }
}

async function readPage(folder: string | undefined): Promise<PageFile> {
  const nonce = newNonce()
  const file = folder === undefined ? undefined : join(folder, 'index.html')
  const text = file === undefined || !existsSync(file) ? unbuiltPage : await readFile(file, 'utf8')
  return { body: text.replaceAll(noncePlaceholder, nonce), mediaType: mediaTypes['.html'] ?? '', immutable: false, nonce }
}

const unbuiltPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Mayfly</title>
<p>Mayfly's pages are not built. Run npm run build.</p>
</html>
`
