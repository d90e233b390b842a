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
  | {
      /** `ended`: QEMU refused, ended or stopped the guest. `too-slow`: it was killed at the deadline. */
      readonly outcome: 'ended' | 'too-slow'
      readonly reason: string
    }

const rounds = 5
const roundMs = 40
/** A very slow accelerator gives fewer rounds: enough to know that it is slow. */
const longestMs = 1_000

/**
 * Boots the guest under `accelerator` with the CPU model a machine would get and times it.
 * The guest may take `deadlineMs` to its first mark, and as long again to its last. The guest,
 * its QEMU and its disk are gone when this returns.
 *
 * @throws MayflyError 'host-unavailable' when QEMU cannot be started at all.
 */
export async function measureAccelerator(installation: QemuInstallation, accelerator: AcceleratorName, cpuModel: string, deadlineMs: number, guest = meterDisk()): Promise<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-meter-'))
  try {
    const disk = join(folder, 'meter.img')
    await writeFile(disk, guest)
    // Once QEMU has it open the file needs no name, so an engine that ends meanwhile leaves nothing.
    return await timeGuest(installation, meterArguments(accelerator, cpuModel, disk), deadlineMs, () => remove(folder))
  } finally {
    await remove(folder)
  }
}

function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true })
}

function meterArguments(accelerator: AcceleratorName, cpuModel: string, filename: string): string[] {
  return [
    ...['-S', '-no-reboot', '-accel', accelerator, '-machine', 'q35,usb=off', '-cpu', cpuModel, '-m', '32'],
    ...['-chardev', 'socket,id=marks,fd=3', '-device', JSON.stringify({ driver: 'isa-debugcon', iobase: 0xe9, chardev: 'marks' })],
    ...['-blockdev', JSON.stringify({ driver: 'raw', 'node-name': 'meter', 'read-only': true, file: { driver: 'file', filename } })],
    ...['-device', JSON.stringify({ driver: 'virtio-blk-pci', drive: 'meter' })],
  ]
}

async function timeGuest(installation: QemuInstallation, qemuArguments: readonly string[], deadlineMs: number, whenOpen: () => Promise<void>): Promise<Measurement> {
  const qemu = await startTransientQemu(installation, qemuArguments, 1)
  const done = new AbortController()
  try {
    const client = await negotiateQmp(qemu.monitor, { timeoutMs: deadlineMs })
    await whenOpen()
    const [marks] = qemu.pipes
    if (marks === undefined) throw new Error('The guest was given a pipe for its marks.')
    const trouble = watchForTrouble(client, qemu)
    const timed = timeMarks(marks, deadlineMs, done.signal)
    await client.execute('cont', undefined, { timeoutMs: deadlineMs })
    const measurement = await Promise.race([timed, trouble])
    client.close()
    return measurement
  } catch (error) {
    if (isMayflyError(error, 'timeout')) return { outcome: 'too-slow', reason: 'QEMU did not answer in time.' }
    if (isMayflyError(error, 'qmp-interrupted')) return { outcome: 'ended', reason: await describeEnd(qemu) }
    throw error
  } finally {
    done.abort()
    await qemu.stop()
  }
}

/** Resolves when the guest can no longer run: QEMU stopped it, reset it (a triple fault), or ended. */
async function watchForTrouble(client: QmpClient, qemu: TransientQemu): Promise<Measurement> {
  try {
    await client.waitForEvent('STOP')
    const { status } = await client.execute('query-status')
    return { outcome: 'ended', reason: `The guest was stopped by QEMU (${status}).` }
  } catch {
    return { outcome: 'ended', reason: await describeEnd(qemu) }
  }
}

async function describeEnd(qemu: TransientQemu): Promise<string> {
  const { stderrTail, signal, exitCode } = await qemu.exited
  const lastLine = stderrTail.trim().split('\n').at(-1) ?? ''
  if (lastLine !== '') return `QEMU ended: ${lastLine}`
  return exitCode === 0 ? 'The guest ended QEMU: it crashed in its first instructions.' : `QEMU ended with ${signal ?? `status ${exitCode}`}.`
}

/** The rate of marks, as the median of several rounds after the first mark. Never settles once `done` aborts. */
function timeMarks(marks: Duplex, deadlineMs: number, done: AbortSignal): Promise<Measurement> {
  return new Promise((resolve) => {
    const seconds = (deadlineMs / 1000).toPrecision(2)
    const startedMs = performance.now()
    let firstMs: number | undefined
    let roundStartMs = 0
    let marksInRound = 0
    const rates: number[] = []
    const giveUp = (reason: string): NodeJS.Timeout => setTimeout(() => resolve({ outcome: 'too-slow', reason }), deadlineMs)
    let timer = giveUp(`A guest did not reach its first instruction within ${seconds} s.`)
    done.addEventListener('abort', () => clearTimeout(timer))
    marks.on('data', (bytes: Uint8Array) => {
      const nowMs = performance.now()
      if (firstMs === undefined) {
        firstMs = nowMs
        roundStartMs = nowMs
        clearTimeout(timer)
        timer = giveUp(`A guest stood still for ${seconds} s after its start.`)
        return
      }
      marksInRound += bytes.filter((byte) => byte === markByte).length
      if (nowMs - roundStartMs < roundMs || marksInRound === 0) return
      rates.push((marksInRound * loopsPerMark * 1000) / (nowMs - roundStartMs))
      roundStartMs = nowMs
      marksInRound = 0
      if (rates.length < rounds && nowMs - firstMs < longestMs) return
      resolve({ outcome: 'ran', loopsPerSecond: median(rates), firstMarkMs: firstMs - startedMs })
    })
  })
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
