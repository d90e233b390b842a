/**
 * Every golden machine is accepted by the real QEMU, which stops before its first instruction:
 * no warning, the monitor greets, all devices are where the plan put them, and it ends cleanly.
 */
import { beforeAll, expect, test } from 'vitest'
import { isMayflyError } from '../../../contract/errors.ts'
import { findQemu } from '../capabilities/find-qemu.ts'
import { probeCapabilities } from '../capabilities/probe-capabilities.ts'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import type { Capabilities } from './capabilities.ts'
import { buildCase, type GoldenCase, readGoldenCases } from './golden-cases.fixture.ts'
import { withStartedGolden } from './started-golden.fixture.ts'

let installation: QemuInstallation
let capabilities: Capabilities

beforeAll(async () => {
  installation = await findQemu()
  capabilities = await probeCapabilities(installation)
})

/** Which cases this QEMU refuses is its goldens' matter. */
function isRefused(golden: GoldenCase): boolean {
  try {
    buildCase(golden, capabilities)
    return false
  } catch (error) {
    if (isMayflyError(error)) return true
    throw error
  }
}

test.each(readGoldenCases().map((golden): [string, GoldenCase] => [golden.name, golden]))('%s', async (_name, golden) => {
  if (isRefused(golden)) return
  let status = ''
  const outcome = await withStartedGolden(golden, installation, capabilities, async (qmp) => {
    status = (await qmp.execute('query-status')).status
  })
  expect({ status, ...outcome }).toEqual({ status: 'prelaunch', exitCode: 0, stderr: '', pidFileLeft: false })
})

test('most cases are accepted', () => {
  // A change that makes every case a refused one would otherwise pass.
  expect(readGoldenCases().filter((golden) => !isRefused(golden)).length).toBeGreaterThan(40)
})
