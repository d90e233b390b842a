import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, expectTypeOf, test } from 'vitest'
import type { QmpArguments, QmpClient, QmpReturn } from './qmp-client.ts'
import type { BlockdevOptions, JobInfo, QmpEvents, RunState } from './qmp.generated.ts'

test('the generated types are those of the captured schema', async () => {
  const generator = fileURLToPath(new URL('../../../build/codegen/qmp-types.mjs', import.meta.url))
  await expect(promisify(execFile)(process.execPath, [generator, '--check'])).resolves.toMatchObject({ stderr: '' })
})

/** Read by the compiler, never called: each expectation is an error if the types let it through. */
export function refusedByTheCompiler(client: QmpClient): readonly unknown[] {
  const qcow2: BlockdevOptions = { driver: 'qcow2', file: { driver: 'file', filename: '/a', 'auto-read-only': true }, 'node-name': 'disk0-format' }
  return [
    qcow2,
    client.execute('query-status'),
    client.execute('query-status', undefined, { timeoutMs: 1 }),
    client.execute('query-named-block-nodes', { flat: true }),
    client.execute('query-named-block-nodes'),
    client.execute('blockdev-add', qcow2),
    client.execute('device_add', { driver: 'virtio-blk-pci', id: 'disk0', drive: 'disk0-format', bootindex: 1 }),
    // @ts-expect-error a driver that QEMU does not know
    client.execute('blockdev-add', { driver: 'qcow3', file: 'disk0-storage' }),
    // @ts-expect-error a member of another driver
    client.execute('blockdev-add', { driver: 'file', filename: '/a', 'lazy-refcounts': true }),
    // @ts-expect-error a wrong driver further down
    client.execute('blockdev-add', { driver: 'qcow2', file: { driver: 'fyle', filename: '/a' } }),
    // @ts-expect-error a missing member
    client.execute('blockdev-add', { driver: 'file' }),
    // @ts-expect-error a command that needs arguments
    client.execute('netdev_add'),
    // @ts-expect-error a command that takes none
    client.execute('query-status', { detail: true }),
    // @ts-expect-error a command that does not exist
    client.execute('query-everything'),
    // @ts-expect-error an event that does not exist
    client.on('STOPPED', () => {}),
  ]
}

test('commands, answers and events are typed', () => {
  expectTypeOf<QmpReturn<'query-status'>['status']>().toEqualTypeOf<RunState>()
  expectTypeOf<QmpReturn<'query-jobs'>>().toEqualTypeOf<readonly JobInfo[]>()
  expectTypeOf<QmpArguments<'query-status'>>().toEqualTypeOf<undefined>()
  expectTypeOf<QmpReturn<'human-monitor-command'>>().toEqualTypeOf<string>()
  expectTypeOf<QmpEvents['STOP']>().toEqualTypeOf<undefined>()
  expectTypeOf<QmpEvents['BALLOON_CHANGE']['actual']>().toEqualTypeOf<number>()
  expectTypeOf<'internal-error'>().toExtend<RunState>()
})
