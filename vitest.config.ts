/**
 * Four kinds of tests, told by the file's name: `x.test.ts` starts no QEMU and runs in parallel,
 * `x.qemu.test.ts` starts real machines, `x.window.test.ts` a real Electron or Chromium, and
 * `x.root.test.ts` needs root and runs only as root.
 */
import { availableParallelism, homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const folders = '{contract,engine,hosts,electron,renderer,native,build,bench,e2e}'
const qemu = `${folders}/**/*.qemu.test.ts`
const root = `${folders}/**/*.root.test.ts`
const window = `${folders}/**/*.window.test.ts`
/** Guests are emulated in software, and every one of them keeps a core busy. */
const machinesAtOnce = 2

export default defineConfig({
  // Tests run as a user who may not write into the checkout.
  cacheDir: join(tmpdir(), `mayfly-vitest-${process.getuid?.() ?? 'shared'}`),
  test: {
    pool: 'forks',
    env: {
      /** What is dear to make and survives between runs, such as the tiny image. */
      MAYFLY_TEST_CACHE: process.env['MAYFLY_TEST_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mayfly-tests'),
    },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: [`${folders}/**/*.test.ts`], exclude: [qemu, root, window], testTimeout: 30_000, hookTimeout: 30_000 },
      },
      {
        extends: true,
        test: {
          name: 'qemu',
          include: [qemu],
          maxWorkers: Math.min(machinesAtOnce, availableParallelism()),
          testTimeout: 120_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
      { extends: true, test: { name: 'window', include: [window], maxWorkers: 1, testTimeout: 60_000, hookTimeout: 120_000, sequence: { groupOrder: 3 } } },
      { extends: true, test: { name: 'root', include: [root], maxWorkers: 1, testTimeout: 120_000, sequence: { groupOrder: 2 } } },
    ],
  },
})
