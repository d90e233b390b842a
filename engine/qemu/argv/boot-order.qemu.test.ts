/**
 * Machines are let go: the firmware finds what it is told to boot from on every bus, and UEFI runs
 * with its code, its variables and, for Secure Boot, in system management mode.
 */
import { open, readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { findQemu } from '../capabilities/find-qemu.ts'
import { probeCapabilities } from '../capabilities/probe-capabilities.ts'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import type { Capabilities } from './capabilities.ts'
import { parseGoldenCase } from './golden-cases.fixture.ts'
import type { MachinePaths } from './machine-paths.ts'
import { withStartedGolden } from './started-golden.fixture.ts'

let installation: QemuInstallation
let capabilities: Capabilities

beforeAll(async () => {
  installation = await findQemu()
  capabilities = await probeCapabilities(installation)
})

const nothing = { name: 'boot', profile: 'paravirtual', cpus: 1, memoryMiB: 256, firmware: { kind: 'bios' }, display: { model: 'none' }, usb: { controller: false, tablet: false }, rng: false, balloon: false, vmgenid: false, tpm: false, stop: {} }

/** A boot sector that says one letter on the first serial port and halts. */
function bootSector(letter: string): Uint8Array {
  const sector = Buffer.alloc(512)
  // mov dx, 0x3f8; mov al, letter; out dx, al; hlt; jmp to hlt
  sector.set([0xba, 0xf8, 0x03, 0xb0, letter.charCodeAt(0), 0xee, 0xf4, 0xeb, 0xfd])
  sector.set([0x55, 0xaa], 510)
  return sector
}

/** An ISO image that boots a sector by El Torito, no emulation; only what a firmware reads. */
function bootableDisc(letter: string): Uint8Array {
  const sectorBytes = 2048
  const disc = Buffer.alloc(32 * sectorBytes)
  const volume = (sector: number, type: number): number => {
    disc.writeUInt8(type, sector * sectorBytes)
    disc.write('CD001', sector * sectorBytes + 1, 'latin1')
    disc.writeUInt8(1, sector * sectorBytes + 6)
    return sector * sectorBytes
  }
  volume(16, 1)
  const bootRecord = volume(17, 0)
  disc.write('EL TORITO SPECIFICATION', bootRecord + 7, 'latin1')
  disc.writeUInt32LE(19, bootRecord + 0x47)
  volume(18, 255)
  const catalogue = 19 * sectorBytes
  // Validation entry, whose words add up to zero, and the default entry: bootable, one sector of 512 bytes at block 20.
  disc.set([0x01], catalogue)
  disc.set([0x55, 0xaa], catalogue + 30)
  disc.writeUInt16LE((0x10000 - 0xaa55 - 0x0001) & 0xffff, catalogue + 28)
  disc.set([0x88, 0, 0, 0, 0, 0, 1, 0], catalogue + 32)
  disc.writeUInt32LE(20, catalogue + 40)
  disc.set(bootSector(letter), 20 * sectorBytes)
  return disc
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.write(bytes, 0, bytes.length, 0)
  } finally {
    await file.close()
  }
}

/** What the guest says on its serial port, once it has said `text`. */
async function waitForSerial(paths: MachinePaths, text: string): Promise<string> {
  const deadline = AbortSignal.timeout(90_000)
  for (;;) {
    const said = await readFile(paths.serialLog, 'latin1').catch(() => '')
    if (said.includes(text)) return said
    if (deadline.aborted) throw new Error(`The guest did not say ${text}, but: ${said}`)
    await setTimeout(20)
  }
}

const buses = ['virtio-blk', 'virtio-scsi', 'sata', 'nvme'] as const

test.each(buses)('BIOS boots the disk that is first, on %s', async (bus) => {
  const disks = [
    { id: 'disk0', bus: 'virtio-blk', sizeMiB: 64, bootIndex: 2 },
    { id: 'disk1', bus, sizeMiB: 64, bootIndex: 1 },
  ]
  const golden = parseGoldenCase('boot', { about: '', config: { ...nothing, disks }, baseFormat: { disk0: 'raw', disk1: 'raw' } })
  let said = ''
  const outcome = await withStartedGolden(golden, installation, capabilities, async (qmp, paths) => {
    await write(paths.disks['disk0']?.layers[0]?.path ?? '', bootSector('0'))
    await write(paths.disks['disk1']?.layers[0]?.path ?? '', bootSector('1'))
    await qmp.execute('cont')
    said = await waitForSerial(paths, '1')
  })
  expect({ said, ...outcome }).toEqual({ said: '1', exitCode: 0, stderr: '', pidFileLeft: false })
})

test.each(['sata', 'virtio-scsi'] as const)('an empty disk is passed over, and the disc on %s boots', async (bus) => {
  const config = { ...nothing, profile: 'compatible', disks: [{ id: 'disk0', bus: 'sata', sizeMiB: 64, bootIndex: 1 }], cdroms: [{ id: 'cd0', bus, image: 'iaaaaaaaaaaa', bootIndex: 2 }] }
  const golden = parseGoldenCase('install', { about: '', config })
  let said = ''
  const outcome = await withStartedGolden(golden, installation, capabilities, async (qmp, paths) => {
    await write(paths.cdroms['cd0'] ?? '', bootableDisc('C'))
    await qmp.execute('cont')
    said = await waitForSerial(paths, 'C')
  })
  expect({ said, ...outcome }).toEqual({ said: 'C', exitCode: 0, stderr: '', pidFileLeft: false })
})

test.each([false, true])('UEFI comes to its boot manager (Secure Boot: %s)', async (secureBoot) => {
  const golden = parseGoldenCase('uefi', { about: '', config: { ...nothing, firmware: { kind: 'uefi', secureBoot }, disks: [{ id: 'disk0', bus: 'virtio-blk', sizeMiB: 64, bootIndex: 1 }] } })
  const outcome = await withStartedGolden(golden, installation, capabilities, async (qmp, paths) => {
    await qmp.execute('cont')
    await waitForSerial(paths, 'BdsDxe')
  })
  expect(outcome).toEqual({ exitCode: 0, stderr: '', pidFileLeft: false })
})
