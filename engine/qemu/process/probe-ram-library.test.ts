import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { probeRamLibrary } from './probe-ram-library.ts'
import { libraryPath, preload } from './ram-library.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-probe-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function compile(name: string, flags: readonly string[]): Promise<string> {
  const [source, program] = [join(folder, `${name}.c`), join(folder, name)]
  await writeFile(source, 'int main(void) { return 0; }\n')
  await promisify(execFile)('cc', [...flags, '-o', program, source])
  return program
}

const installation = (binary: string) => ({ binary, imgBinary: null, env: {}, moduleFolder: null, firmwareFolders: [] })

test('a program that loads the library is told from one that does not', async () => {
  expect(await probeRamLibrary(installation(await compile('dynamic', [])))).toEqual({ accepted: true, reason: null })
  for (const binary of [await compile('static', ['-static']), join(folder, 'missing')]) {
    expect(await probeRamLibrary(installation(binary))).toEqual({ accepted: false, reason: expect.stringContaining(binary) as string })
  }
})

test('a library below a folder with blanks and colons is loaded all the same', async () => {
  const odd = join(folder, 'a: b')
  await mkdir(odd)
  const library = join(odd, 'mayfly-ram.so')
  await copyFile(libraryPath(), library)
  const program = await compile('dynamic', [])
  const loaded = preload(4, library)
  try {
    const child = spawn(program, { stdio: ['ignore', 'inherit', 'inherit', 'pipe', loaded.descriptor ?? 'ignore'], env: { ...loaded.env, MAYFLY_RAM_PROBE: '3' } })
    const [said] = await Promise.all([text(child.stdio[3] as Readable), once(child, 'exit')])
    expect(said).toBe('mayfly-ram 1\n')
  } finally {
    loaded.close()
  }
})
