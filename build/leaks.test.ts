import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { findLeaks, processesOf, runMark, sharedMemoryNames } from './leaks.mjs'

const ascending = (a: number | undefined, b: number | undefined): number => (a ?? 0) - (b ?? 0)
const folder = mkdtempSync(join(tmpdir(), 'mf-leak-'))
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('a process and a file that a run leaves are found by name, those of others are not', async () => {
  for (const name of ['run', 'tmp']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'run/qmp.sock'), '')
  const sharedBefore = sharedMemoryNames()
  const scope = { folder, uid: process.getuid?.() ?? 0, sharedBefore }
  const { [runMark]: _mark, ...env } = process.env
  const marked = spawn('sleep', ['60'], { env: { ...env, [runMark]: folder } })
  const named = spawn('tail', ['-f', join(folder, 'run/qmp.sock')], { env, stdio: 'ignore' })
  const strange = spawn('sleep', ['60'], { env })
  const children = [marked, named, strange]
  const ended = children.map(async (child) => once(child, 'exit'))
  try {
    await Promise.all(children.map(async (child) => once(child, 'spawn')))
    await expect.poll(() => processesOf(folder).map(({ pid }) => pid).sort(ascending)).toEqual([marked.pid, named.pid].sort(ascending))
    const leaks = await findLeaks(scope)
    expect({ processes: leaks.processes.map(({ pid }) => pid).sort(ascending), files: leaks.files }).toEqual({
      processes: [marked.pid, named.pid].sort(ascending),
      files: [join(folder, 'run/qmp.sock')],
    })
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(ended)
  }
  rmSync(join(folder, 'run/qmp.sock'))
  expect(await findLeaks(scope)).toEqual({ processes: [], mounts: [], files: [] })
})
