/**
 * The captures that the argv goldens are made of. They are what this probe says of the QEMU it
 * names; with MAYFLY_CAPTURE=1 they are written anew instead of compared:
 *
 *   MAYFLY_CAPTURE=1 npx vitest run engine/qemu/capabilities/capture
 *   MAYFLY_CAPTURE=1 MAYFLY_QEMU=$(node build/qemu10.mjs) npx vitest run engine/qemu/capabilities/capture
 */
import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Capabilities } from '../argv/capabilities.ts'
import { capabilitiesSchema } from './capabilities-schema.ts'
import { findQemu } from './find-qemu.ts'
import { probeCapabilities } from './probe-capabilities.ts'

const captureOf = (version: string): URL => new URL(`../argv/captured/capabilities-${version}.json`, import.meta.url)

/** One name a line, so that a new QEMU's differences can be read. */
function format(capabilities: Capabilities): string {
  return `${JSON.stringify(capabilities, null, 1)}\n`
}

async function readCapture(version: string): Promise<Capabilities> {
  return capabilitiesSchema.parse(JSON.parse(await readFile(captureOf(version), 'utf8')))
}

test('the probe finds what every machine needs', async () => {
  const probed = await probeCapabilities(await findQemu())
  const version = `${probed.qemuVersion.major}.${probed.qemuVersion.minor}`
  if (process.env['MAYFLY_CAPTURE'] === '1') await writeFile(captureOf(version), format(probed))
  // Other builds of a version have other sets of devices; what argv always needs is in each of them.
  const { devices, commands, accelerators } = probed
  expect(devices).toEqual(expect.arrayContaining(['virtio-blk-pci', 'virtio-net-pci', 'virtio-serial-pci', 'virtio-rng-pci', 'qemu-xhci', 'ich9-ahci', 'ide-hd', 'VGA', 'pcie-root-port']))
  expect(commands).toEqual(expect.arrayContaining(['transaction', 'device_add', 'blockdev-add', 'migrate-incoming']))
  expect(accelerators).toContain('tcg')
  expect(capabilitiesSchema.parse(JSON.parse(JSON.stringify(probed)))).toEqual(probed)
})

test.each(['7.2', '10.0'])('the capture of %s is whole', async (version) => {
  const capture = await readCapture(version)
  const q35 = capture.machineTypes.find(({ alias }) => alias === 'q35')
  expect([`${capture.qemuVersion.major}.${capture.qemuVersion.minor}`, q35?.name]).toEqual([version, `pc-q35-${version}`])
  expect(Object.keys(capture.deviceProperties).toSorted()).toEqual(Object.keys(capture.deviceProperties).filter((name) => capture.devices.includes(name)).toSorted())
})
