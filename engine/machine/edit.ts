/**
 * Changing what a machine shall be. A change is checked as a whole, written, and then applied to
 * the running guest where it can be; the rest waits for the next start and is listed.
 */
import { MayflyError } from '../../contract/errors.ts'
import { discardDisk } from '../checkpoint/collect-garbage.ts'
import { hasProcess, statesAtRest } from '../../contract/machine-state.ts'
import type { DeviceId } from '../../contract/ids.ts'
import { type MachineConfig, machineConfigSchema } from '../../contract/machine.ts'
import type { MachineChanges } from '../../contract/procedures/machine.ts'
import { validateConfig } from '../qemu/argv/validate-config.ts'
import { applyClipboard } from './clipboard-channel.ts'
import type { MachineCore } from './machine-core.ts'
import type { Machines } from './machines.ts'

/** States in which a machine can be changed. */
export const editableStates = [...statesAtRest, 'running', 'paused'] as const

/** Writes `change(config)` if it is sound. Runs in the machine's queue. Throws `invalid-input` or `unsupported` and then has changed nothing. */
export async function editConfig(core: MachineCore, change: (config: MachineConfig) => MachineConfig): Promise<void> {
  core.requireOrdinary('changed')
  core.require('changed', editableStates)
  const config = change(core.config)
  assertWithinLimits(config)
  validateConfig(config, { capabilities: await core.context.host.capabilitiesOrNull(), machineType: core.stored.hardware?.machineType })
  await core.saveConfig(config)
}

/** Each setting alone was checked when it came in; how many devices a machine has shows only now. */
function assertWithinLimits(config: MachineConfig): void {
  const result = machineConfigSchema.safeParse(config)
  if (result.success) return
  const issues = result.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
  throw new MayflyError('invalid-input', `${issues[0]?.path ?? ''}: ${issues[0]?.message ?? 'it does not fit'}`, { issues }, { next: 'Nothing was changed.' })
}

/** As `editConfig`, for what the running guest has been given already: then it is not pending. */
export async function editBoth(core: MachineCore, change: (config: MachineConfig) => MachineConfig): Promise<void> {
  await editConfig(core, change)
  if (core.run !== null && hasProcess(core.state)) await core.saveRun({ ...core.run, config: change(core.run.config) })
}

export function changeSettings(core: MachineCore, changes: MachineChanges): Promise<void> {
  return core.queue.run(async () => {
    const before = core.config.clipboard
    await editConfig(core, (config) => applyChanges(config, changes))
    try {
      await applyClipboard(core)
    } catch (error) {
      await editConfig(core, (config) => ({ ...config, clipboard: before }))
      throw error
    }
  })
}

/** Absent fields stay, null removes. */
function applyChanges(config: MachineConfig, changes: MachineChanges): MachineConfig {
  const next: MachineConfig = { ...config }
  for (const [field, value] of Object.entries(changes)) {
    if (value === undefined) continue
    if (value === null) delete next[field as 'topology' | 'watchdog']
    else Object.assign(next, { [field]: value })
  }
  // A topology that was only the count of CPUs said otherwise goes with the old count.
  if (changes.cpus !== undefined && changes.topology === undefined && changes.cpus !== config.cpus) delete next.topology
  return next
}

/** Numbers the devices to boot from; those not named lose their number. Throws `not-found` for a device the machine has not, `invalid-input` for one named twice. */
export function setBootOrder(core: MachineCore, devices: readonly DeviceId[]): Promise<void> {
  return core.queue.run(async () => {
    if (new Set(devices).size !== devices.length) throw new MayflyError('invalid-input', 'A device can stand in the boot order once.', { issues: [{ path: 'devices', message: 'Name each device once.' }] })
    await editConfig(core, (config) => {
      const all = [...config.disks, ...config.cdroms, ...config.nics]
      const missing = devices.find((id) => !all.some((device) => device.id === id))
      if (missing !== undefined) throw new MayflyError('not-found', `${config.name} has no device ${missing} to boot from.`, { kind: 'device', ref: missing })
      const numbered = <D extends { id: DeviceId; bootIndex?: number | undefined }>({ bootIndex: _old, ...device }: D): D => {
        const place = devices.indexOf(device.id)
        return (place === -1 ? device : { ...device, bootIndex: place + 1 }) as D
      }
      return { ...config, disks: config.disks.map(numbered), cdroms: config.cdroms.map(numbered), nics: config.nics.map(numbered) }
    })
  })
}

/** Gives a machine another name. */
export function rename(core: MachineCore, machines: Machines, name: string): Promise<void> {
  return core.queue.run(async () => {
    core.require('renamed', [...editableStates, 'starting', 'stopping', 'saving', 'restoring', 'unknown'])
    const unreserve = machines.reserveName(name, core.id)
    try {
      await core.saveConfig({ ...core.config, name })
    } finally {
      unreserve()
    }
  })
}

/** Takes back changes that wait for the next start; all, or only `fields` as `pending` names them. */
export function dropPending(core: MachineCore, fields: readonly string[] | undefined): Promise<void> {
  return core.queue.run(async () => {
    core.require('changed', ['running', 'paused'])
    const { run } = core
    if (run === null) return
    const pending = core.pending().map((change) => change.field)
    for (const field of fields ?? []) {
      if (!pending.includes(field)) throw new MayflyError('not-found', `No change of ${field} waits for the next start of ${core.name}.`, { kind: 'pending change', ref: field })
    }
    const before = core.config.disks
    await editConfig(core, (config) => (fields ?? pending).reduce((next, field) => takeBack(next, run.config, field), config))
    // A disk that was to come at the next start was made at once. No guest has ever seen it.
    for (const { id } of before) if (!core.config.disks.some((disk) => disk.id === id)) await discardDisk(core.names, id)
  })
}

/** The configuration with one pending change less; of a device, all of its changes. */
function takeBack(config: MachineConfig, started: MachineConfig, field: string): MachineConfig {
  const [key, device] = field.split('.') as [keyof MachineConfig, DeviceId?]
  if (device !== undefined && (key === 'disks' || key === 'cdroms' || key === 'nics')) {
    return { ...config, [key]: takeBackDevice<{ readonly id: DeviceId }>(config[key], started[key], device) }
  }
  const next: MachineConfig = { ...config }
  if (started[key] === undefined) delete next[key]
  else Object.assign(next, { [key]: started[key] })
  return next
}

function takeBackDevice<Device extends { readonly id: DeviceId }>(wanted: readonly Device[], started: readonly Device[], id: DeviceId): Device[] {
  const others = wanted.filter((device) => device.id !== id)
  const order = (device: Device): number => {
    const place = started.findIndex((candidate) => candidate.id === device.id)
    return place === -1 ? started.length : place
  }
  return [...others, ...started.filter((device) => device.id === id)].sort((one, other) => order(one) - order(other))
}
