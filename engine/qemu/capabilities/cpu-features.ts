/**
 * Which CPU features a model has with one board and accelerator, as the guest sees them. A saved guest is
 * stamped with this, so that it is never continued on a CPU that lacks what it already uses. `max` and `host`
 * are names for whatever this host and this QEMU have, so the name alone says nothing.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { AcceleratorName } from '../argv/capabilities.ts'
import { startTransientQemu } from '../process/transient-qemu.ts'
import { negotiateQmp } from '../qmp/connect-qmp.ts'
import type { QmpClient } from '../qmp/qmp-client.ts'
import { type CacheEntry, readCached, writeCached } from './cached-answer.ts'
import { shortHash, stampQemu } from './load-capabilities.ts'
import type { QemuInstallation } from './qemu-installation.ts'

/** Names, sorted. What a QEMU does not know at all is in neither. */
export interface CpuFeatures {
  readonly has: readonly string[]
  readonly lacks: readonly string[]
}

export interface CpuQuestion {
  readonly accelerator: AcceleratorName
  readonly machineType: string
  readonly model: string
}

const cpuFeaturesSchema = z.strictObject({ has: z.array(z.string()), lacks: z.array(z.string()) }) satisfies z.ZodType<CpuFeatures>
const cacheVersion = 1
/** By cache entry; those that failed are forgotten. */
const known = new Map<string, Promise<CpuFeatures>>()

/** Asks a QEMU that runs; a guest of it is not disturbed. Throws `qmp-failed` where QEMU does not know the model, `qmp-interrupted`. */
export async function askCpuFeatures(qmp: QmpClient, model: string): Promise<CpuFeatures> {
  const expansion = await qmp.execute('query-cpu-model-expansion', { type: 'full', model: { name: model } })
  const { props } = expansion.model
  const flags = Object.entries(typeof props === 'object' && props !== null ? props : {})
  const named = (wanted: boolean): string[] => flags.flatMap(([name, value]) => (value === wanted ? [name] : [])).toSorted()
  return { has: named(true), lacks: named(false) }
}

/**
 * The same of a guest that would be started now, from `cacheFolder` where that is known; else it takes a fifth of a second.
 *
 * @throws MayflyError 'qmp-failed' when QEMU does not know the model, 'qmp-interrupted' when it
 * does not have the board or cannot open the accelerator, 'host-unavailable'.
 */
export async function loadCpuFeatures(installation: QemuInstallation, question: CpuQuestion, cacheFolder: string): Promise<CpuFeatures> {
  const { accelerator, machineType, model } = question
  // Under KVM they are the host's: its CPU, kernel and microcode are the same as long as it runs.
  const bootId = accelerator === 'kvm' ? (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim() : null
  const key = { qemu: await stampQemu(installation), bootId }
  const entry: CacheEntry<CpuFeatures> = { file: join(cacheFolder, `cpu-${shortHash(`${installation.binary} ${accelerator} ${machineType} ${model}`)}.json`), version: cacheVersion, key, schema: cpuFeaturesSchema }
  const id = JSON.stringify([entry.file, key])
  const answer = known.get(id) ?? readOrAsk(installation, question, entry)
  known.set(id, answer)
  answer.catch(() => known.delete(id))
  return answer
}

async function readOrAsk(installation: QemuInstallation, { accelerator, machineType, model }: CpuQuestion, entry: CacheEntry<CpuFeatures>): Promise<CpuFeatures> {
  const cached = await readCached(entry)
  if (cached !== undefined) return cached
  const qemu = await startTransientQemu(installation, ['-machine', machineType, '-accel', accelerator, '-S'])
  try {
    const client = await negotiateQmp(qemu.monitor)
    const features = await askCpuFeatures(client, model)
    client.close()
    await writeCached(entry, features)
    return features
  } finally {
    await qemu.stop()
  }
}
