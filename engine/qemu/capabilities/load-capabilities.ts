/**
 * Capabilities of a QEMU, probed once for each state of its files: kept on disk between
 * processes, and shared by everybody who asks at the same time.
 */
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError } from '../../../contract/errors.ts'
import type { Capabilities } from '../argv/capabilities.ts'
import { readCached, writeCached } from './cached-answer.ts'
import type { CacheEntry } from './cached-answer.ts'
import { capabilitiesSchema } from './capabilities-schema.ts'
import { probeCapabilities } from './probe-capabilities.ts'
import type { QemuInstallation } from './qemu-installation.ts'

/** What a QEMU's answers depend on. Modules come in packages of their own and add devices without touching the binary. */
export interface QemuStamp {
  readonly path: string
  readonly mtimeMs: number
  readonly sizeBytes: number
  readonly modulesMtimeMs: number | null
}

const cacheVersion = 2
const underWay = new Map<string, Promise<Capabilities>>()

/**
 * The capabilities of this installation, from `cacheFolder` where they are known.
 *
 * @throws MayflyError as `probeCapabilities`; failures are not kept.
 */
export async function loadCapabilities(installation: QemuInstallation, cacheFolder: string): Promise<Capabilities> {
  const key = await stampQemu(installation)
  const file = join(cacheFolder, `qemu-${shortHash(installation.binary)}.json`)
  const id = JSON.stringify([file, key])
  const shared = underWay.get(id) ?? probeOrRead(installation, { file, version: cacheVersion, key, schema: capabilitiesSchema })
  underWay.set(id, shared)
  try {
    return await shared
  } finally {
    underWay.delete(id)
  }
}

/** @throws MayflyError 'host-unavailable' when the binary has gone. */
export async function stampQemu({ binary, moduleFolder }: QemuInstallation): Promise<QemuStamp> {
  const program = await stat(binary).catch((cause: unknown) => {
    throw new MayflyError('host-unavailable', `QEMU is gone from ${binary}.`, { check: 'qemu' }, { cause })
  })
  const modules = moduleFolder === null ? undefined : await stat(moduleFolder).catch(() => undefined)
  return { path: binary, mtimeMs: program.mtimeMs, sizeBytes: program.size, modulesMtimeMs: modules?.mtimeMs ?? null }
}

/** Enough to keep the files of a host's few QEMUs apart. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

async function probeOrRead(installation: QemuInstallation, entry: CacheEntry<Capabilities>): Promise<Capabilities> {
  const cached = await readCached(entry)
  if (cached !== undefined) return cached
  const probed = await probeCapabilities(installation)
  await writeCached(entry, probed)
  return probed
}
