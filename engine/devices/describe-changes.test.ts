import { expect, test } from 'vitest'
import { type MachineConfig, machineConfigSchema } from '../../contract/machine.ts'
import { describeChanges } from './describe-changes.ts'
import { settingsAfterDevices, settingsBeforeDevices } from './machine-settings.ts'

const started: MachineConfig = machineConfigSchema.parse({
  name: 'web',
  profile: 'paravirtual',
  cpus: 2,
  memoryMiB: 1024,
  firmware: { kind: 'bios' },
  disks: [
    { id: 'disk0', bus: 'virtio-blk', sizeMiB: 20480, bootIndex: 1 },
    { id: 'disk1', bus: 'nvme', sizeMiB: 1000, label: 'scratch' },
  ],
  cdroms: [{ id: 'cd0', bus: 'sata', image: null }],
  nics: [{ id: 'nic0', model: 'virtio-net', network: { kind: 'user' } }],
  display: { model: 'virtio-vga' },
  usb: { controller: true, tablet: true },
  rng: true,
  balloon: true,
  vmgenid: true,
  tpm: false,
  stop: {},
})

test('each change says what was, what will be, and when', () => {
  const wanted = machineConfigSchema.parse({
    ...started,
    name: 'shop',
    notes: 'first line\nsecond',
    tags: ['a', 'b'],
    cpus: 4,
    topology: { sockets: 1, cores: 2, threads: 2 },
    memoryMiB: 1536,
    firmware: { kind: 'uefi', secureBoot: true },
    disks: [{ id: 'disk0', bus: 'virtio-blk', sizeMiB: 40960, cache: 'direct' }, { id: 'disk2', bus: 'virtio-scsi', sizeMiB: 1048576, readOnly: true }],
    cdroms: [{ id: 'cd0', bus: 'sata', image: 'iaaaaaaaaaaa' }],
    nics: [{ id: 'nic0', model: 'virtio-net', connected: false, network: { kind: 'user', forwards: [{ hostPort: 2222, guestPort: 22 }] } }],
    usb: { controller: true, tablet: false },
    watchdog: { model: 'i6300esb', action: 'reset' },
    tpm: true,
    stop: { timeoutSeconds: 10, onTimeout: 'force' },
  })
  expect(describeChanges(started, wanted)).toEqual([
    { field: 'name', now: 'web', next: 'shop', amounts: null, when: 'now' },
    { field: 'notes', now: 'none', next: 'first line second', amounts: null, when: 'now' },
    { field: 'tags', now: 'none', next: 'a, b', amounts: null, when: 'now' },
    { field: 'cpus', now: '2 CPUs', next: '4 CPUs', amounts: { now: 2, next: 4 }, when: 'next-start' },
    { field: 'topology', now: 'one socket', next: '1 socket × 2 cores × 2 threads', amounts: null, when: 'next-start' },
    { field: 'memoryMiB', now: '1 GiB', next: '1536 MiB', amounts: { now: 1024, next: 1536 }, when: 'next-start' },
    { field: 'firmware', now: 'BIOS', next: 'UEFI with Secure Boot', amounts: null, when: 'next-start' },
    { field: 'disks.disk0.sizeMiB', now: '20 GiB', next: '40 GiB', amounts: { now: 20480, next: 40960 }, when: 'now' },
    { field: 'disks.disk0.cache', now: 'safe', next: 'direct', amounts: null, when: 'next-start' },
    { field: 'disks.disk0.bootIndex', now: 'number 1', next: 'not booted from', amounts: null, when: 'next-start' },
    { field: 'disks.disk1', now: '1000 MiB on nvme, scratch', next: 'none', amounts: null, when: 'next-start' },
    { field: 'disks.disk2', now: 'none', next: '1 TiB on virtio-scsi, read-only', amounts: null, when: 'next-start' },
    { field: 'cdroms.cd0.image', now: 'empty', next: 'image iaaaaaaaaaaa', amounts: null, when: 'now' },
    { field: 'nics.nic0.network.forwards', now: 'none', next: '127.0.0.1:2222 to 22/tcp', amounts: null, when: 'now' },
    { field: 'nics.nic0.connected', now: 'plugged in', next: 'unplugged', amounts: null, when: 'now' },
    { field: 'usb', now: 'controller and tablet', next: 'controller', amounts: null, when: 'next-start' },
    { field: 'watchdog', now: 'none', next: 'i6300esb, reset', amounts: null, when: 'next-start' },
    { field: 'tpm', now: 'off', next: 'on', amounts: null, when: 'next-start' },
    { field: 'stop', now: 'after 60 seconds ask', next: 'after 10 seconds force', amounts: null, when: 'now' },
  ])
})

test('the order of keys is no change, nor is an absent setting that is said to be absent', () => {
  const same = { ...started, stop: { onTimeout: 'ask' as const, timeoutSeconds: 60 } }
  expect(describeChanges(started, JSON.parse(JSON.stringify(same)) as MachineConfig)).toEqual([])
})

test('no setting of the contract is forgotten', () => {
  const told = [...settingsBeforeDevices, ...settingsAfterDevices].map((setting) => setting.field)
  expect([...told, 'disks', 'cdroms', 'nics'].toSorted()).toEqual(Object.keys(machineConfigSchema.shape).toSorted())
})
