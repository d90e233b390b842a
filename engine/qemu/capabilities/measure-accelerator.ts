/**
 * Times one accelerator with a real guest. An accelerator counts as usable only if a guest
 * ran under it just now: an open /dev/kvm, a compiled-in feature or a version proves nothing.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { isMayflyError } from '../../../contract/errors.ts'
import type { AcceleratorName } from '../argv/capabilities.ts'
import { startTransientQemu } from '../process/transient-qemu.ts'
import type { TransientQemu } from '../process/transient-qemu.ts'
import { negotiateQmp } from '../qmp/connect-qmp.ts'
import type { QmpClient } from '../qmp/qmp-client.ts'
import { loopsPerMark, markByte, meterDisk } from './accelerator-guest.ts'
import type { QemuInstallation } from './qemu-installation.ts'

export type Measurement =
  | {
      readonly outcome: 'ran'
      readonly loopsPerSecond: number
      /** From starting the guest to its first mark: mostly firmware. Tells how busy the host is. */
      readonly firstMarkMs: number
    }
  | { readonly outcome: 'failed'; readonly reason: string }

export interface MeasureOptions {
  /** How long the guest may take to its first mark, and again to its last. */
  readonly deadlineMs: number
  readonly signal?: AbortSignal
}

const rounds = 5
const roundMs = 40
/** A very slow accelerator gives fewer rounds: enough to know that it is slow. */
const longestMs = 1_000

/**
 * Boots the guest under `accelerator` with the CPU model a machine would get and times it.
 * The guest, its QEMU and its disk are gone when this returns.
 *
 * @throws MayflyError 'host-unavailable' when QEMU cannot be started at all, 'cancelled'.
 */
export async function measureAccelerator(installation: QemuInstallation, accelerator: AcceleratorName, cpuModel: string, options: MeasureOptions): Promise<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-meter-'))
  try {
    const disk = join(folder, 'meter.img')
    await writeFile(disk, meterDisk())
    return await timeGuest(installation, meterArguments(accelerator, cpuModel, disk), options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function meterArguments(accelerator: AcceleratorName, cpuModel: string, filename: string): string[] {
  return [
    ...['-S', '-no-reboot', '-accel', accelerator, '-machine', 'q35,usb=off', '-cpu', cpuModel, '-m', '32'],
    ...['-chardev', 'socket,id=marks,fd=3', '-device', JSON.stringify({ driver: 'isa-debugcon', iobase: 0xe9, chardev: 'marks' })],
    ...['-blockdev', JSON.stringify({ driver: 'raw', 'node-name': 'meter', 'read-only': true, file: { driver: 'file', filename } })],
    ...['-device', JSON.stringify({ driver: 'virtio-blk-pci', drive: 'meter' })],
  ]
}

async function timeGuest(installation: QemuInstallation, qemuArguments: readonly string[], { deadlineMs, signal }: MeasureOptions): Promise<Measurement> {
  const qemu = await startTransientQemu(installation, qemuArguments, 1)
  try {
    const client = await negotiateQmp(qemu.monitor, { timeoutMs: deadlineMs, ...(signal === undefined ? {} : { signal }) })
    try {
      const [marks] = qemu.pipes
      if (marks === undefined) throw new Error('The guest was given a pipe for its marks.')
      const trouble = watchForTrouble(client, qemu, signal)
      const startedMs = performance.now()
      const timed = timeMarks(marks, deadlineMs, startedMs)
      await client.execute('cont', undefined, { timeoutMs: deadlineMs })
      return await Promise.race([timed, trouble])
    } finally {
      client.close()
    }
  } catch (error) {
    if (isMayflyError(error, 'cancelled') || isMayflyError(error, 'host-unavailable') || !isMayflyError(error)) throw error
    return { outcome: 'failed', reason: isMayflyError(error, 'timeout') ? 'QEMU did not answer in time.' : await describeEnd(qemu) }
  } finally {
    await qemu.stop()
  }
}

/** Resolves when the guest can no longer run: QEMU stopped it, reset it (a triple fault), or ended. */
async function watchForTrouble(client: QmpClient, qemu: TransientQemu, signal: AbortSignal | undefined): Promise<Measurement> {
  const stopped = client.waitForEvent('STOP', signal === undefined ? {} : { signal }).then(async () => {
    const { status } = await client.execute('query-status')
    return `The guest was stopped by QEMU (${status}).`
  })
  const ended = qemu.exited.then(() => describeEnd(qemu))
  try {
    return { outcome: 'failed', reason: await Promise.race([stopped, ended]) }
  } catch (error) {
    if (isMayflyError(error, 'cancelled')) throw error
    return { outcome: 'failed', reason: await describeEnd(qemu) }
  }
}

async function describeEnd(qemu: TransientQemu): Promise<string> {
  const { stderrTail, signal, exitCode } = await qemu.exited
  const lastLine = stderrTail.trim().split('\n').at(-1) ?? ''
  if (lastLine !== '') return `QEMU ended: ${lastLine}`
  return exitCode === 0 ? 'The guest ended QEMU: it crashed in its first instructions.' : `QEMU ended with ${signal ?? `status ${exitCode}`}.`
}

/** The rate of marks, as the median of several rounds after the first mark. */
function timeMarks(marks: Duplex, deadlineMs: number, startedMs: number): Promise<Measurement> {
  return new Promise((resolve) => {
    let firstMs: number | undefined
    let roundStartMs = 0
    let marksInRound = 0
    const rates: number[] = []
    const finish = (measurement: Measurement): void => {
      clearTimeout(timer)
      marks.removeAllListeners('data')
      resolve(measurement)
    }
    let timer = setTimeout(() => finish({ outcome: 'failed', reason: `A guest did not reach its first instruction within ${(deadlineMs / 1000).toPrecision(2)} s.` }), deadlineMs)
    marks.on('data', (bytes: Uint8Array) => {
      const nowMs = performance.now()
      if (firstMs === undefined) {
        firstMs = nowMs
        roundStartMs = nowMs
        clearTimeout(timer)
        timer = setTimeout(() => finish({ outcome: 'failed', reason: 'A guest stood still after its start.' }), deadlineMs)
        return
      }
      marksInRound += bytes.filter((byte) => byte === markByte).length
      if (nowMs - roundStartMs < roundMs || marksInRound === 0) return
      rates.push((marksInRound * loopsPerMark * 1000) / (nowMs - roundStartMs))
      roundStartMs = nowMs
      marksInRound = 0
      if (rates.length < rounds && nowMs - firstMs < longestMs) return
      finish({ outcome: 'ran', loopsPerSecond: median(rates), firstMarkMs: firstMs - startedMs })
    })
  })
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
