/**
 * What a host can give to one more machine, or to one it has: where it is safe, where others may
 * suffer, and where it ends. Pure. Sizes in MiB, CPUs in threads.
 */
import type { HostInfo } from '../../contract/host.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { isOn } from './machine-looks.ts'

export interface Zones {
  readonly end: number
  /** How far the small end of the axis is stretched, as `Scale` has it. */
  readonly bend?: number
  readonly safeTo: number
  readonly warnedTo: number
  readonly promised: readonly number[]
  /** Left to the host itself. */
  readonly kept: number
}

/** A guest's memory is a tenth of a host's, its disk a hundredth. */
const memoryBend = 2
const diskBend = 3
const bytesPerMiB = 1024 ** 2

/** Machines that run beside the one in question; that one's own share is not in its way. */
export function machinesBeside(machines: readonly MachineSummary[], own?: string): readonly MachineSummary[] {
  return machines.filter(({ id, state }) => id !== own && isOn(state))
}

/** CPUs can be promised twice: guests share them. So all the host has is allowed, and the rest is a question of speed. */
export function cpuZones(host: HostInfo, beside: readonly MachineSummary[]): Zones {
  const kept = host.cpus >= 12 ? 2 : host.cpus >= 4 ? 1 : 0
  const promised = beside.map(({ cpus }) => cpus).toSorted((a, b) => b - a)
  return { end: host.cpus, safeTo: Math.max(1, host.cpus - kept - sum(promised)), warnedTo: Math.min(host.cpus, host.limits.maxCpus), promised, kept }
}

/** Memory is safe while all that is promised fits beside the host's own; what is not free now is never called safe. */
export function memoryZones(host: HostInfo, beside: readonly MachineSummary[]): Zones {
  const end = Math.floor(host.memoryBytes / bytesPerMiB)
  const kept = Math.min(Math.floor(end / 4), Math.max(1024, Math.floor(end / 12)))
  const promised = beside.map(({ memoryMiB }) => memoryMiB).toSorted((a, b) => b - a)
  const free = Math.floor(host.memoryAvailableBytes / bytesPerMiB)
  const warnedTo = Math.min(end - kept, host.limits.maxMemoryMiB)
  return { end, bend: memoryBend, safeTo: Math.max(0, Math.min(warnedTo, end - kept - sum(promised), free)), warnedTo, promised, kept }
}

/** A disk takes only what is written, so more than is free may be asked for, up to what the host has at all. */
export function diskZones(host: HostInfo): Zones {
  const total = Math.floor(host.folders.dataTotalBytes / bytesPerMiB)
  return { end: total, bend: diskBend, safeTo: Math.floor(host.folders.dataFreeBytes / bytesPerMiB), warnedTo: total, promised: [], kept: 0 }
}

function sum(parts: readonly number[]): number {
  return parts.reduce((all, part) => all + part, 0)
}
