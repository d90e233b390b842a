/** The keeper with another program in QEMU's place. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nativeFolder } from '../../native.ts'

const keeper = join(nativeFolder(), 'mayfly-keeper')
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-keeper-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Ends whoever forks, right after it has. */
const ending = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>
pid_t fork(void) {
  const pid_t pid = ((pid_t (*)(void))dlsym(RTLD_NEXT, "fork"))();
  if (pid > 0) kill(getpid(), SIGTERM);
  return pid;
}
`

test('a keeper that is ended right after it has started QEMU ends QEMU, and says so', async () => {
  const library = join(folder, 'ending.so')
  await writeFile(`${library}.c`, ending)
  await promisify(execFile)('cc', ['-fPIC', '-shared', '-o', library, `${library}.c`, '-ldl'])
  const child = spawn(keeper, [join(folder, 'exit.json'), 'LD_PRELOAD=', '--', '/bin/sleep', '600'], { stdio: 'ignore', env: { ...process.env, LD_PRELOAD: library } })
  expect(await once(child, 'exit')).toEqual([143, null])
  expect(JSON.parse(await readFile(join(folder, 'exit.json'), 'utf8'))).toMatchObject({ exitStatus: null, signal: 15 })
})

test('QEMU gets the descriptors that are meant for it, and its usual signals', async () => {
  const given = openSync('/dev/null', 'r')
  const out = join(folder, 'out')
  const log = openSync(out, 'w')
  try {
    const child = spawn(keeper, [join(folder, 'exit.json'), '--descriptors=4', '--', '/bin/sh', '-c', 'ls /proc/self/fd; grep -E "SigBlk|SigIgn" /proc/self/status; exit 3'], { stdio: ['ignore', log, log, given, given, given] })
    expect(await once(child, 'exit')).toEqual([3, null])
  } finally {
    closeSync(given)
    closeSync(log)
  }
  const words = readFileSync(out, 'utf8').split(/\s+/)
  // The folder that ls has open is a fifth.
  expect(words.filter((word) => /^\d$/.test(word))).toEqual(['0', '1', '2', '3', '4'])
  expect(words.slice(words.indexOf('SigBlk:'), words.indexOf('SigBlk:') + 2)).toEqual(['SigBlk:', '0'.repeat(16)])
})
