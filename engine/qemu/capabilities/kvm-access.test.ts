import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inspectKvm, kvmObstacle } from './kvm-access.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-kvm-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function inspect(node: 'open' | 'closed' | 'missing', flags: string): Promise<ReturnType<typeof kvmObstacle>> {
  const [path, cpuInfo] = [join(folder, 'kvm'), join(folder, 'cpuinfo')]
  await writeFile(cpuInfo, `processor\t: 0\nflags\t\t: fpu ${flags} sse\n\nprocessor\t: 1\n`)
  if (node !== 'missing') await writeFile(path, '')
  if (node === 'closed') await chmod(path, 0)
  return kvmObstacle(await inspectKvm(path, cpuInfo))
}

test('an open node is no obstacle, whatever the CPU says', async () => {
  expect(await inspect('open', '')).toBeNull()
})

test('a node that is not ours wants the group', async () => {
  expect(kvmObstacle({ node: 'denied', cpuCan: true, isGuest: false })?.remedy).toContain('group kvm')
  // Root may open anything.
  expect(await inspect('closed', 'vmx')).toEqual(process.getuid?.() === 0 ? null : kvmObstacle({ node: 'denied', cpuCan: true, isGuest: false }))
})

test('without a node the CPU and its surroundings tell what is missing', async () => {
  const remedies = [await inspect('missing', 'vmx'), await inspect('missing', 'svm hypervisor'), await inspect('missing', 'hypervisor'), await inspect('missing', '')].map((obstacle) => obstacle?.remedy)
  expect(remedies).toEqual([
    expect.stringContaining('modprobe'),
    expect.stringContaining('modprobe'),
    expect.stringContaining('nested virtualization'),
    expect.stringContaining('firmware settings'),
  ])
})
