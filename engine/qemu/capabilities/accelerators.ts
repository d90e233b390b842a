/**
 * Which accelerators work on this host and which one is faster, measured once for each state
 * of QEMU, of the running kernel and of what the user may open, and kept between processes.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { acceleratorInfoSchema } from '../../../contract/host.ts'
import type { AcceleratorName, Capabilities } from '../argv/capabilities.ts'
import { readCached, writeCached } from './cached-answer.ts'
import type { CacheEntry } from './cached-answer.ts'
import { inspectKvm, kvmObstacle } from './kvm-access.ts'
import type { KvmAccess } from './kvm-access.ts'
import { shortHash, stampQemu } from './load-capabilities.ts'
import { measureAccelerator } from './measure-accelerator.ts'
import type { Measurement } from './measure-accelerator.ts'
import type { QemuInstallation } from './qemu-installation.ts'

/** What the contract says of an accelerator, and the CPU model that was seen to run under it. */
const acceleratorReportSchema = acceleratorInfoSchema.extend({
  /** `max`, `host`, or `qemu64` where the host's own features cannot be passed on; null where no guest ran. */
  cpuModel: z.string().nullable(),
})
export type AcceleratorReport = z.infer<typeof acceleratorReportSchema>

export interface MeasureAcceleratorsOptions {
  readonly cacheFolder: string
  /** Measures although the answer is known: after the user changed something Mayfly cannot see. */
  readonly remeasure?: boolean
}

const reportsSchema = z.array(acceleratorReportSchema)
const cacheVersion = 1
const underWay = new Map<string, Promise<AcceleratorReport[]>>()

const emulationDeadlineMs = 10_000
/** A guest under KVM that works reaches its first instruction in a tenth of it. */
const shortestKvmDeadlineMs = 3_000
/** KVM that needs so many times longer than emulation to a guest's first instruction is of no use; grows with the host's load. */
const patienceFactor = 20
/** Below this share of emulation's speed, KVM is itself emulated or nested without the CPU's help. */
const suspiciousShare = 0.5

/**
 * All accelerators Mayfly knows, those that do not work with the reason and what to do. Takes
 * half a second, and some more where KVM opens but hardly moves.
 *
 * @throws MayflyError 'host-unavailable' when QEMU cannot be started.
 */
export async function measureAccelerators(
  installation: QemuInstallation,
  capabilities: Capabilities,
  { cacheFolder, remeasure = false }: MeasureAcceleratorsOptions,
): Promise<readonly AcceleratorReport[]> {
  const kvm = await inspectKvm()
  const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  const key = { qemu: await stampQemu(installation), bootId: bootId.trim(), kvm }
  const entry: CacheEntry<AcceleratorReport[]> = { file: join(cacheFolder, `accelerators-${shortHash(installation.binary)}.json`), version: cacheVersion, key, schema: reportsSchema }
  const cached = remeasure ? undefined : await readCached(entry)
  if (cached !== undefined) return cached
  const id = JSON.stringify([entry.file, key])
  const shared = underWay.get(id) ?? measureAll(installation, capabilities, kvm, entry)
  underWay.set(id, shared)
  try {
    return await shared
  } finally {
    underWay.delete(id)
  }
}

/** The fastest usable accelerator; null where none is usable. */
export function fasterAccelerator(reports: readonly AcceleratorReport[]): AcceleratorName | null {
  const usableOnes = reports.filter((report) => report.usable)
  return usableOnes.toSorted((a, b) => (b.loopsPerSecond ?? 0) - (a.loopsPerSecond ?? 0))[0]?.name ?? null
}

async function measureAll(installation: QemuInstallation, capabilities: Capabilities, kvm: KvmAccess, entry: CacheEntry<AcceleratorReport[]>): Promise<AcceleratorReport[]> {
  const tcg = capabilities.accelerators.includes('tcg') ? await measureAccelerator(installation, 'tcg', 'max', emulationDeadlineMs) : null
  const deadlineMs = Math.max(shortestKvmDeadlineMs, tcg?.outcome === 'ran' ? tcg.firstMarkMs * patienceFactor : 0)
  const reports = [await reportKvm(installation, capabilities, kvm, tcg, deadlineMs), reportTcg(tcg)]
  await writeCached(entry, reports)
  return reports
}

function reportTcg(measurement: Measurement | null): AcceleratorReport {
  if (measurement === null) return unusable('tcg', 'This QEMU is built without software emulation.', 'Install a QEMU that has it.')
  if (measurement.outcome !== 'ran') return unusable('tcg', measurement.reason, 'Check the installation of QEMU and its BIOS (seabios).')
  return usable('tcg', 'max', measurement.loopsPerSecond, 'QEMU emulates the processor: guests run, and slowly', null)
}

async function reportKvm(installation: QemuInstallation, { accelerators }: Capabilities, access: KvmAccess, tcg: Measurement | null, deadlineMs: number): Promise<AcceleratorReport> {
  if (!accelerators.includes('kvm')) return unusable('kvm', 'This QEMU is built without KVM.', 'Install a QEMU that has it.')
  const obstacle = kvmObstacle(access)
  if (obstacle !== null) return unusable('kvm', obstacle.reason, obstacle.remedy)
  let reason = ''
  for (const cpuModel of ['host', 'qemu64']) {
    const measurement = await measureAccelerator(installation, 'kvm', cpuModel, deadlineMs)
    if (measurement.outcome === 'ran') return judgeKvm(cpuModel, measurement.loopsPerSecond, tcg)
    reason = measurement.reason
    // Another CPU model helps where QEMU could not set this one up, and does not make anything faster.
    if (measurement.outcome === 'too-slow') break
  }
  return unusable('kvm', `KVM is there, but no guest starts with it. ${reason}`, nestedRemedy)
}

const nestedRemedy = 'If this host is a virtual machine, turn on nested virtualization in its own host. Until then software emulation is used.'

function judgeKvm(cpuModel: string, loopsPerSecond: number, tcg: Measurement | null): AcceleratorReport {
  const what = cpuModel === 'host' ? 'KVM runs a guest' : `KVM runs a guest, but only with the CPU model ${cpuModel}`
  if (tcg?.outcome !== 'ran' || loopsPerSecond > tcg.loopsPerSecond * suspiciousShare) return usable('kvm', cpuModel, loopsPerSecond, what, null)
  const factor = Math.round(tcg.loopsPerSecond / loopsPerSecond)
  return usable('kvm', cpuModel, loopsPerSecond, `${what}, ${factor} times slower than software emulation`, nestedRemedy)
}

function usable(name: AcceleratorName, cpuModel: string, loopsPerSecond: number, what: string, remedy: string | null): AcceleratorReport {
  return { name, usable: true, loopsPerSecond: Math.round(loopsPerSecond), reason: `${what}.`, remedy, cpuModel }
}

function unusable(name: AcceleratorName, reason: string, remedy: string): AcceleratorReport {
  return { name, usable: false, loopsPerSecond: null, reason, remedy, cpuModel: null }
}
