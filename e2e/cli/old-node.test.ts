/** The command on a Node that is too old for it, as Debian 12 and Ubuntu 24.04 ship one: it says so, and nothing else. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const command = fileURLToPath(new URL('../../out/cli/mayfly.mjs', import.meta.url))

test('a Node that is too old is told plainly', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-old-'))
  try {
    const pretend = join(folder, 'pretend.cjs')
    await writeFile(pretend, `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.19.0' } })\n`)
    const outcome: unknown = await promisify(execFile)(process.execPath, ['--require', pretend, command, 'list']).catch((error: unknown) => error)
    expect(outcome).toMatchObject({ code: 1, stdout: '' })
    expect(String((outcome as { stderr: unknown }).stderr)).toMatch(/^mayfly needs Node\.js 20 or later; this is 18\.19\.0 /)
  } finally {
    await rm(folder, { recursive: true })
  }
})
