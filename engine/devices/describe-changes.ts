/**
 * The one answer to "does this setting need a restart?". Faces show it before a change is
 * applied; the engine lists what waits by the same function.
 */
import type { MachineConfig, PendingChange } from '../../contract/machine.ts'
import { cdromSettings, describeCdrom } from './cdrom.ts'
import { describeDisk, diskSettings } from './disk.ts'
import { settingsAfterDevices, settingsBeforeDevices } from './machine-settings.ts'
import { describeNic, nicSettings } from './nic.ts'
import type { Setting, TakesHold } from './setting.ts'

export interface ConfigChange extends PendingChange {
  readonly when: TakesHold
}

/** What differs between the configuration a guest was started with and the wanted one, in the order of the configuration. */
export function describeChanges(started: MachineConfig, wanted: MachineConfig): ConfigChange[] {
  return [
    ...changedSettings('', settingsBeforeDevices, started, wanted),
    ...changedDevices('disks', diskSettings, describeDisk, started.disks, wanted.disks),
    ...changedDevices('cdroms', cdromSettings, describeCdrom, started.cdroms, wanted.cdroms),
    ...changedDevices('nics', nicSettings, describeNic, started.nics, wanted.nics),
    ...changedSettings('', settingsAfterDevices, started, wanted),
  ]
}

function changedSettings<Owner>(prefix: string, settings: readonly Setting<Owner>[], started: Owner, wanted: Owner): ConfigChange[] {
  return settings
    .filter((setting) => setting.differs(started, wanted))
    .map((setting) => ({ field: `${prefix}${setting.field}`, now: setting.show(started), next: setting.show(wanted), amounts: amountsOf(setting, started, wanted), when: setting.when }))
}

/** A device that comes or goes is one change; one that stays changes setting by setting. */
function changedDevices<Device extends { readonly id: string }>(
  collection: string,
  settings: readonly Setting<Device>[],
  describe: (device: Device) => string,
  started: readonly Device[],
  wanted: readonly Device[],
): ConfigChange[] {
  const wantedById = new Map(wanted.map((device) => [device.id, device]))
  const startedIds = new Set(started.map((device) => device.id))
  const keptOrRemoved = started.flatMap((device): ConfigChange[] => {
    const next = wantedById.get(device.id)
    const field = `${collection}.${device.id}`
    if (next === undefined) return [{ field, now: describe(device), next: 'none', amounts: null, when: 'next-start' }]
    return changedSettings(`${field}.`, settings, device, next)
  })
  const added = wanted
    .filter((device) => !startedIds.has(device.id))
    .map((device): ConfigChange => ({ field: `${collection}.${device.id}`, now: 'none', next: describe(device), amounts: null, when: 'next-start' }))
  return [...keptOrRemoved, ...added]
}

function amountsOf<Owner>(setting: Setting<Owner>, started: Owner, wanted: Owner): PendingChange['amounts'] {
  const [now, next] = [setting.amount(started), setting.amount(wanted)]
  return now === null || next === null ? null : { now, next }
}
