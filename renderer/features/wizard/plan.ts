/**
 * What a draft amounts to on this host: every field's value, what is wrong with it, and the
 * request the engine gets. Pure: the same draft, images, machines and host give the same plan.
 */
import type { HostInfo } from '../../../contract/host.ts'
import type { Image } from '../../../contract/image.ts'
import { machineNameSchema } from '../../../contract/machine.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import type { CreateRequest } from '../../../contract/procedures/machine.ts'
import type { Settings } from '../../../contract/settings.ts'
import type { ApplianceFile } from '../../state/appliances.ts'
import { findTiny } from '../../state/find-tiny.ts'
import { cpuZones, diskZones, machinesBeside, memoryZones } from '../../state/host-zones.ts'
import type { Zones } from '../../state/host-zones.ts'
import { text } from '../../text/text.ts'
import { formatExactMiB } from '../../ui/exact-size.ts'
import { formatMiB, parseSizeMiB } from '../../ui/size-text.ts'
import { blankDisk, tinyToBuild } from './draft.ts'
import type { Draft, ForwardDraft, Use } from './draft.ts'
import type { Issue } from './issue.ts'
import { planForwards } from './plan-forwards.ts'
import { suggestName } from './suggest-name.ts'

export interface SizePlan {
  readonly typed: string
  readonly value: number | undefined
  /** Undefined while the host is not known. */
  readonly zones: Zones | undefined
  readonly least: number
}

export interface Plan {
  readonly imageChoice: string
  readonly image: Image | undefined
  /** An OVA instead of an image: what it says of its hardware holds. */
  readonly appliance: ApplianceFile | undefined
  readonly buildsTiny: boolean
  readonly name: string
  readonly use: Use
  /** Kinds of use that make sense for the image. */
  readonly uses: readonly Use[]
  readonly cpus: SizePlan
  readonly memory: SizePlan
  readonly disk: SizePlan
  readonly forwards: readonly ForwardDraft[]
  readonly uefi: boolean
  readonly secureBoot: boolean
  readonly tpm: boolean
  readonly issues: readonly Issue[]
  /** As far as it is known; only without issues may it be sent. */
  readonly request: CreateRequest
}

export interface Surroundings {
  readonly images: readonly Image[]
  readonly appliances?: readonly ApplianceFile[]
  readonly machines: readonly MachineSummary[]
  readonly host: HostInfo | undefined
  /** What new machines are where nothing else is said. */
  readonly settings?: Settings | undefined
}

const bytesPerMiB = 1024 ** 2

/** As the engine's own defaults: enough to be of use, little enough for any host. */
const usual = { kernel: { memoryMiB: 512, diskMiB: 1024 }, disk: { memoryMiB: 2048, diskMiB: 8 * 1024 }, iso: { memoryMiB: 2048, diskMiB: 20 * 1024 }, none: { memoryMiB: 2048, diskMiB: 20 * 1024 } }
const windows = { memoryMiB: 4096, diskMiB: 64 * 1024 }

export function planMachine(draft: Draft, surroundings: Surroundings): Plan {
  const { images, machines, host, settings } = surroundings
  const appliance = surroundings.appliances?.find(({ key }) => key === draft.image)
  const says = appliance?.appliance
  const imageChoice = appliance?.key ?? chosenImage(draft, images)
  const image = images.find(({ id }) => id === imageChoice)
  const buildsTiny = imageChoice === tinyToBuild
  const kind = buildsTiny ? 'kernel' : (image?.kind ?? 'none')
  const isKernel = kind === 'kernel'
  const noMicro = host?.qemu?.machineTypes.includes('microvm') === false
  const possible: readonly Use[] = says !== undefined ? ['old'] : !isKernel ? ['desktop', 'server', 'windows', 'old'] : noMicro ? ['desktop', 'server'] : ['desktop', 'server', 'micro']
  const guessed: Use = image !== undefined && !isKernel && /win(dows)?[\W_]?(\d|server|xp)/i.test(image.name) ? 'windows' : usualUse(settings?.defaultProfile ?? null, possible)
  const use = draft.use !== undefined && possible.includes(draft.use) ? draft.use : guessed

  const name = draft.name ?? suggestName(says?.name ?? (buildsTiny ? 'tiny' : image?.name), machines)
  const forWindows = use === 'windows'
  const plain = use === 'micro' || use === 'old'
  const uefi = says !== undefined ? says.firmware === 'uefi' : use !== 'micro' && (draft.uefi ?? (forWindows && host?.firmware.uefi === true))
  const secureBoot = says === undefined && uefi && (draft.secureBoot ?? (forWindows && host?.firmware.secureBoot === true))
  const tpm = says === undefined && use !== 'micro' && (draft.tpm ?? (forWindows && host?.tpm === true))

  const beside = machinesBeside(machines)
  const sizes = forWindows ? windows : usual[kind]
  const imageMiB = says?.disks[0]?.sizeMiB ?? (image?.kind === 'disk' ? Math.ceil((image.virtualBytes ?? 0) / bytesPerMiB) : 0)
  const hostMiB = host === undefined ? Number.POSITIVE_INFINITY : host.memoryBytes / bytesPerMiB
  const cpus = planCpus(draft.cpus ?? String(says?.cpus ?? settings?.defaultCpus ?? usualCpus(forWindows, host, beside)), host === undefined ? undefined : cpuZones(host, beside))
  const memory = planSize(draft.memory ?? formatExactMiB(says?.memoryMiB ?? settings?.defaultMemoryMiB ?? Math.min(sizes.memoryMiB, Math.max(256, Math.floor(hostMiB / 2)))), host === undefined ? undefined : memoryZones(host, beside), 16)
  const disk = planSize(draft.disk ?? formatExactMiB(says === undefined ? Math.max(sizes.diskMiB, imageMiB) : imageMiB), host === undefined ? undefined : diskZones(host), Math.max(1, imageMiB))
  const { forwards, planned, issues: forwardIssues } = planForwards(draft.forwards, machines, image?.kind === 'disk' && !forWindows && !plain)

  const issues: Issue[] = [
    ...(image?.broken == null ? [] : [{ field: 'image', step: 0 as const, called: text.wizard.fields.image, message: image.broken }]),
    ...nameIssues(name, machines),
    ...cpuIssues(cpus, host),
    ...memoryIssues(memory),
    ...diskIssues(disk, imageMiB),
    ...forwardIssues,
  ]
  const request: CreateRequest = {
    name,
    ...(image === undefined ? {} : { image: image.id }),
    ...(forWindows || use === 'old' ? { profile: 'compatible' as const } : use === 'micro' ? { profile: 'micro' as const } : (settings?.defaultProfile ?? 'paravirtual') === 'paravirtual' ? {} : { profile: 'paravirtual' as const }),
    ...(cpus.value === undefined ? {} : { cpus: cpus.value }),
    ...(memory.value === undefined ? {} : { memoryMiB: memory.value }),
    ...(disk.value === undefined ? {} : { diskMiB: disk.value }),
    ...(use === 'server' ? { display: 'none' as const } : {}),
    ...(uefi ? { firmware: 'uefi' as const } : {}),
    ...(secureBoot ? { secureBoot } : {}),
    ...(tpm ? { tpm } : {}),
    ...(planned.length === 0 ? {} : { forwards: planned }),
    preallocation: 'off',
    throwaway: draft.throwaway && says === undefined,
    start: draft.start,
  }
  return { imageChoice, image, appliance, buildsTiny, name, use, uses: possible, cpus, memory, disk, forwards, uefi, secureBoot, tpm, issues, request }
}

function usualUse(profile: Settings['defaultProfile'], possible: readonly Use[]): Use {
  if (possible.length === 1 && possible[0] !== undefined) return possible[0]
  const use = profile === 'compatible' ? 'old' : profile === 'micro' ? 'micro' : 'desktop'
  return possible.includes(use) ? use : 'desktop'
}

/** The newest image there is, else the one that can be built. */
function chosenImage(draft: Draft, images: readonly Image[]): string {
  const tiny = findTiny(images)
  if (draft.image === blankDisk || images.some(({ id }) => id === draft.image)) return draft.image ?? blankDisk
  if (draft.image === tinyToBuild) return tiny?.id ?? tinyToBuild
  const [newest] = images.filter(({ broken }) => broken === null).toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
  return newest?.id ?? tinyToBuild
}

/** What nobody said is never more than is safe; Windows does not begin with one. */
function usualCpus(forWindows: boolean, host: HostInfo | undefined, beside: readonly MachineSummary[]): number {
  if (host === undefined) return 2
  const least = Math.min(forWindows ? 2 : 1, host.cpus)
  return Math.max(least, Math.min(forWindows ? 4 : 2, cpuZones(host, beside).safeTo))
}

function planCpus(typed: string, zones: Zones | undefined): SizePlan {
  return { typed, value: /^\s*[1-9]\d{0,3}\s*$/.test(typed) ? Number(typed) : undefined, zones, least: 1 }
}

function planSize(typed: string, zones: Zones | undefined, least: number): SizePlan {
  return { typed, value: parseSizeMiB(typed, 'GiB'), zones, least }
}

function nameIssues(name: string, machines: readonly MachineSummary[]): Issue[] {
  const issue = (message: string, remedy?: Issue['remedy']): Issue[] => [{ field: 'name', step: 1, called: text.wizard.fields.name, message, ...(remedy === undefined ? {} : { remedy }) }]
  if (name.trim() === '') return issue(text.wizard.nameEmpty)
  if (name.length > 80) return issue(text.wizard.nameLong)
  const checked = machineNameSchema.safeParse(name)
  if (!checked.success) return issue(checked.error.issues[0]?.message ?? '')
  if (!machines.some((machine) => machine.name === name)) return []
  const free = suggestName(name, machines)
  return issue(text.wizard.nameTaken(name), { word: text.wizard.useName(free), change: { name: free } })
}

function cpuIssues({ value }: SizePlan, host: HostInfo | undefined): Issue[] {
  const most = host?.limits.maxCpus ?? 288
  const message = value === undefined ? text.wizard.cpusBad : value > most ? text.wizard.cpusMost(most) : undefined
  return message === undefined ? [] : [{ field: 'cpus', step: 1, called: text.wizard.fields.cpus, message }]
}

function memoryIssues({ value, zones, least }: SizePlan): Issue[] {
  const message = value === undefined ? text.wizard.sizeBad : value < least ? text.wizard.atLeast(formatMiB(least)) : zones !== undefined && value > zones.warnedTo ? text.wizard.memoryRefused(formatMiB(zones.warnedTo)) : undefined
  return message === undefined ? [] : [{ field: 'memory', step: 1, called: text.wizard.fields.memory, message }]
}

function diskIssues({ value, zones, least }: SizePlan, imageMiB: number): Issue[] {
  const message = value === undefined ? text.wizard.sizeBad : value < least ? (imageMiB > 0 ? text.wizard.diskImageSize(formatMiB(imageMiB)) : text.wizard.atLeast(formatMiB(least))) : zones !== undefined && value > zones.warnedTo ? text.wizard.diskRefused(formatMiB(zones.warnedTo)) : undefined
  return message === undefined ? [] : [{ field: 'disk', step: 1, called: text.wizard.fields.disk, message }]
}
