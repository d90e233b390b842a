/** Refuses what this QEMU does not have, by what was probed, before a process is started that would say it less well. */
import { MayflyError } from '../../../contract/errors.ts'
import type { Capabilities } from './capabilities.ts'
import type { DeviceArguments } from './device-arguments.ts'
import { requireMachineType } from './machine-type.ts'

/** Throws `unsupported`, naming the first thing this QEMU lacks. */
export function requireSupport(parts: readonly DeviceArguments[], machineType: string, capabilities: Capabilities): void {
  requireMachineType(machineType, capabilities)
  for (const part of parts) {
    requireAll('device', part.devices?.map((device) => device.driver), capabilities.devices, capabilities)
    requireAll('object', part.objects?.map((object) => object['qom-type']), capabilities.objects, capabilities)
    requireAll('block driver', part.blockdevs?.map((node) => node.driver), capabilities.blockdevDrivers, capabilities)
    requireAll('network back end', part.netdevs?.map((netdev) => netdev.type), capabilities.netdevTypes, capabilities)
  }
}

/** Throws `unsupported` for the first of `needed` that is not among `present`. */
export function requireAll(kind: string, needed: readonly string[] | undefined, present: readonly string[], capabilities: Capabilities): void {
  const missing = needed?.find((name) => !present.includes(name))
  if (missing === undefined) return
  throw new MayflyError(
    'unsupported',
    `This QEMU has no ${kind} ${missing}, which the machine needs.`,
    { needs: `the ${kind} ${missing}`, have: `QEMU ${capabilities.qemuVersion.text}` },
    { next: 'Install the part of QEMU that brings it, or change the machine.' },
  )
}
