import { expect, test } from 'vitest'
import type { HostInfo } from '../../../contract/host.ts'
import type { Image } from '../../../contract/image.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import type { Draft } from './draft.ts'
import { planMachine } from './plan.ts'
import { suggestName } from './suggest-name.ts'

const gib = 1024 ** 3
const host = {
  cpus: 16, memoryBytes: 32 * gib, memoryAvailableBytes: 24 * gib, firmware: { uefi: true, secureBoot: true }, tpm: false,
  folders: { dataFreeBytes: 100 * gib, dataTotalBytes: 400 * gib }, limits: { maxCpus: 288, maxMemoryMiB: 32 * 1024 },
} as HostInfo
const iso = { id: 'aaaaaaaaaaaa', name: 'debian-13.1.0-amd64-netinst.iso', kind: 'iso', broken: null, createdAt: '2026-01-02T00:00:00Z' } as Image
const disk = { id: 'bbbbbbbbbbbb', name: 'fedora.qcow2', kind: 'disk', virtualBytes: 30 * gib, broken: null, createdAt: '2026-01-03T00:00:00Z' } as Image
const web = { name: 'web', state: 'stopped', forwards: [{ nic: 'nic0', hostAddress: '127.0.0.1', hostPort: 2222, guestPort: 22, protocol: 'tcp' }] } as MachineSummary
const nothing: Draft = { step: 0, image: undefined, name: undefined, use: undefined, cpus: undefined, memory: undefined, disk: undefined, forwards: undefined, uefi: undefined, secureBoot: undefined, tpm: undefined, throwaway: false, start: true }
const around = { images: [iso, disk], machines: [web], host }

function issuesOf(draft: Partial<Draft>): string[] {
  return planMachine({ ...nothing, ...draft }, around).issues.map(({ field }) => field)
}

test('who says nothing gets a machine of the newest image', () => {
  const { request, issues } = planMachine(nothing, around)
  expect({ request, issues }).toEqual({ issues: [], request: { name: 'fedora', image: disk.id, cpus: 2, memoryMiB: 2048, diskMiB: 30 * 1024, forwards: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 2223, guestPort: 22 }], preallocation: 'off', throwaway: false, start: true } })
})

test('what nobody said is no more than is safe beside what runs', () => {
  const busy = { ...web, id: 'cccccccccccc', state: 'running', cpus: 1, memoryMiB: 512 } as MachineSummary
  const cpusOn = (cpus: number, machines: readonly MachineSummary[]): number | undefined => planMachine(nothing, { ...around, machines, host: { ...host, cpus } }).cpus.value
  expect([cpusOn(2, []), cpusOn(2, [busy]), cpusOn(4, [busy])]).toEqual([2, 1, 2])
})

test('where there is no image and no host yet, Tiny Linux is built first', () => {
  const { request, buildsTiny } = planMachine(nothing, { images: [], machines: [], host: undefined })
  expect({ request, buildsTiny }).toEqual({ buildsTiny: true, request: { name: 'tiny', cpus: 2, memoryMiB: 512, diskMiB: 1024, preallocation: 'off', throwaway: false, start: true } })
})

test('Windows gets hardware it knows, and no TPM where the host has none', () => {
  const { request, issues } = planMachine({ ...nothing, image: iso.id, use: 'windows' }, around)
  expect({ request, issues }).toMatchObject({ issues: [], request: { profile: 'compatible', firmware: 'uefi', secureBoot: true, memoryMiB: 4096 } })
  expect(request.tpm).toBeUndefined()
})

test('what was decided for all machines is where a new one begins, and the engine is told what it is not', () => {
  const settings = { qemuBinary: null, defaultProfile: 'compatible', defaultCpus: 3, defaultMemoryMiB: 1000, stopTimeoutSeconds: 60, onStopTimeout: 'ask', onWindowClose: 'keep-running', onQuit: 'ask', servePort: null } as const
  expect(planMachine(nothing, { ...around, settings }).request).toMatchObject({ profile: 'compatible', cpus: 3, memoryMiB: 1000 })
  expect(planMachine({ ...nothing, use: 'desktop', cpus: '1' }, { ...around, settings }).request).toMatchObject({ profile: 'paravirtual', cpus: 1 })
})

test.each([
  [{ name: '' }, ['name']], [{ name: ' a' }, ['name']], [{ name: 'a\nb' }, ['name']], [{ name: 'web' }, ['name']], [{ name: 'x'.repeat(81) }, ['name']],
  [{ cpus: '0' }, ['cpus']], [{ cpus: '1.5' }, ['cpus']], [{ cpus: '289' }, ['cpus']], [{ cpus: '20' }, []],
  [{ memory: '31' }, ['memory']], [{ memory: '15 MiB' }, ['memory']], [{ memory: 'lots' }, ['memory']], [{ memory: '1.5' }, []],
  [{ disk: '29 GiB' }, ['disk']], [{ disk: '500' }, ['disk']], [{ disk: '' }, ['disk']],
  [{ forwards: [{ key: 1, listen: '2222', guest: '22', protocol: 'tcp', suggested: false }] }, ['listen-1']],
  [{ forwards: [{ key: 1, listen: '1.2.3:4', guest: '0', protocol: 'tcp', suggested: false }] }, ['listen-1', 'guest-1']],
  [{ forwards: [{ key: 1, listen: '80', guest: '80', protocol: 'tcp', suggested: false }, { key: 2, listen: '0.0.0.0:80', guest: '81', protocol: 'tcp', suggested: false }] }, ['listen-2']],
] satisfies [Partial<Draft>, string[]][])('what is wrong is found at its field: %j', (draft, fields) => {
  expect(issuesOf(draft)).toEqual(fields)
})

test('the remedy of a field puts it right', () => {
  const draft: Draft = { ...nothing, name: 'web', forwards: [{ key: 1, listen: '2222', guest: '22', protocol: 'tcp', suggested: false }] }
  const { issues } = planMachine(draft, around)
  expect(issuesOf(Object.assign({}, draft, ...issues.map(({ remedy }) => remedy?.change)) as Draft)).toEqual([])
})

test.each([['debian-13.1.0-amd64-netinst.iso', 'debian-13.1.0'], ['tiny', 'tiny'], ['web', 'web-2'], [undefined, 'machine'], ['.iso', 'machine']])('a machine of %j is called %j', (image, name) => {
  expect(suggestName(image, [web])).toBe(name)
})
