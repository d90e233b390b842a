/** Makes, grows, checks and converts the qcow2 files that disks are made of. */
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { MayflyError } from '../../../contract/errors.ts'
import { freeBytes } from '../../storage/atomic-file.ts'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { runQemuImg } from './run-qemu-img.ts'

export type Preallocation = 'off' | 'metadata' | 'falloc' | 'full'

export interface NewQcow2 {
  readonly path: string
  readonly sizeBytes: number
  readonly preallocation: Preallocation
  /** The layer beneath, by its name in the same folder: a folder that is moved stays whole. */
  readonly backing?: { readonly name: string; readonly format: 'qcow2' | 'raw' }
}

/**
 * Makes an empty qcow2 file. 64 KiB clusters are QEMU's default and fit the guest's own
 * blocks; lazy refcounts spare a flush with each allocation and are repaired when it is opened
 * after a crash; extended L2 entries are left off, for they help only with larger clusters.
 */
export async function createQcow2(installation: QemuInstallation, request: NewQcow2): Promise<void> {
  if (request.preallocation === 'falloc' || request.preallocation === 'full') await assertSpace(request)
  const options = ['cluster_size=65536', 'lazy_refcounts=on', 'compat=1.1', ...(request.preallocation === 'off' ? [] : [`preallocation=${request.preallocation}`])]
  const backing = request.backing === undefined ? [] : ['-b', request.backing.name, '-F', request.backing.format]
  try {
    // A full preallocation writes every byte; its processor time grows with the size.
    await runQemuImg(installation, ['create', '-q', '-f', 'qcow2', '-o', options.join(','), ...backing, request.path, String(request.sizeBytes)], { writes: request.path, cpuSeconds: 3600 })
  } catch (error) {
    await rm(request.path, { force: true })
    throw error
  }
}

async function assertSpace({ path, sizeBytes }: NewQcow2): Promise<void> {
  const free = await freeBytes(dirname(path))
  if (free === null || free >= sizeBytes) return
  throw new MayflyError('no-space', `A disk of ${sizeBytes} bytes cannot be reserved: ${free} bytes are free. Nothing was made.`, { path, needed: sizeBytes, free }, { next: 'Free some space, make it smaller, or do not reserve its space.' })
}

/** Grows the virtual size of a file that no QEMU has open. */
export async function resizeQcow2(installation: QemuInstallation, path: string, sizeBytes: number): Promise<void> {
  await runQemuImg(installation, ['resize', '-q', '-f', 'qcow2', path, String(sizeBytes)], { writes: path })
}

const checkSchema = z.object({ corruptions: z.number().default(0), leaks: z.number().default(0), 'check-errors': z.number().default(0) })

export interface Qcow2Report {
  /** Places where the file is damaged. */
  readonly corruptions: number
  /** Clusters that are reserved and not used: they cost space and harm nothing. */
  readonly leaks: number
}

/** Checks a file's structure and changes nothing (qemu-img check; statuses 2 and 3 say what it found). */
export async function checkQcow2(installation: QemuInstallation, path: string, options: { readonly signal?: AbortSignal } = {}): Promise<Qcow2Report> {
  const { stdout } = await runQemuImg(installation, ['check', '-f', 'qcow2', '--output=json', path], { signal: options.signal, expectedStatuses: [2, 3], cpuSeconds: 3600 })
  const report = checkSchema.parse(JSON.parse(stdout))
  return { corruptions: report.corruptions + report['check-errors'], leaks: report.leaks }
}

export interface Conversion {
  readonly source: { readonly path: string; readonly format: 'qcow2' | 'raw' | 'vmdk' | 'vdi' | 'vhdx' | 'vpc' }
  readonly target: string
  readonly signal?: AbortSignal | undefined
  /** 0 to 1. */
  readonly onProgress?: (fraction: number) => void
}

/** Writes a self-contained qcow2 file. On a failure the target is gone. The source must have passed the header check. */
export async function convertToQcow2(installation: QemuInstallation, conversion: Conversion): Promise<void> {
  const { source, target, signal, onProgress } = conversion
  try {
    await runQemuImg(installation, ['convert', '-p', '-f', source.format, '-O', 'qcow2', '-o', 'cluster_size=65536,lazy_refcounts=on,compat=1.1', source.path, target], {
      signal,
      writes: target,
      cpuSeconds: 4 * 3600,
      onOutput: (text) => {
        // With -p it prints "    (12.34/100%)" and a carriage return, again and again.
        const percent = /\(([0-9.]+)\/100%\)\s*$/.exec(text.trimEnd())?.[1]
        if (percent !== undefined) onProgress?.(Number(percent) / 100)
      },
    })
  } catch (error) {
    await rm(target, { force: true })
    throw error
  }
}
