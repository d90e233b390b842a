/**
 * The golden cases: one JSON file a machine, and what its command line is on each captured QEMU.
 * A case states what differs from defaults; the rest comes from the contract's schema.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { acceleratorSchema } from '../../../contract/accelerator.ts'
import { MayflyError } from '../../../contract/errors.ts'
import type { MachineId } from '../../../contract/ids.ts'
import { machineConfigSchema } from '../../../contract/machine.ts'
import { buildArgv } from './build-argv.ts'
import type { Capabilities } from './capabilities.ts'
import type { Hardware } from './hardware.ts'
import type { MachinePaths } from './machine-paths.ts'
import { planHardware, type RandomIdentity } from './plan-hardware.ts'
import { validateConfig } from './validate-config.ts'

export const goldenFolder = new URL('goldens/', import.meta.url)
export const capturedVersions = ['7.2', '10.0'] as const
export type CapturedVersion = (typeof capturedVersions)[number]

const caseSchema = z.strictObject({
  /** What this case is for. */
  about: z.string(),
  config: machineConfigSchema,
  accelerator: acceleratorSchema.default('tcg'),
  /** How many layers each disk has; default one. */
  layers: z.record(z.string(), z.int().min(1)).default({}),
  /** Format of each disk's base; default qcow2. */
  baseFormat: z.record(z.string(), z.enum(['qcow2', 'raw'])).default({}),
  newGeneration: z.boolean().default(false),
  hostTscKHz: z.int().optional(),
  /** Folder all files lie in, where its name matters. */
  folder: z.string().default('/m'),
  firmwareSearchPaths: z.array(z.string()).default([]),
  /** The configuration of earlier starts, first one first: the hardware is planned through all of them. */
  earlier: z.array(machineConfigSchema).default([]),
  /** Up to how much can be plugged in. */
  room: z.strictObject({ cpus: z.int(), memoryMiB: z.int() }).optional(),
  /** A board that hardware.json names although it is none of this QEMU's. */
  pinnedTo: z.string().optional(),
  /** What this QEMU is said not to have. */
  without: z.strictObject({ devices: z.array(z.string()).default([]) }).optional(),
})
export type GoldenCase = z.infer<typeof caseSchema> & { readonly name: string }

const caseSuffix = '.machine.json'

export function readGoldenCases(): GoldenCase[] {
  return readdirSync(goldenFolder)
    .filter((file) => file.endsWith(caseSuffix))
    .toSorted()
    .map((file) => parseGoldenCase(file.slice(0, -caseSuffix.length), JSON.parse(readFileSync(new URL(file, goldenFolder), 'utf8'))))
}

export function parseGoldenCase(name: string, value: unknown): GoldenCase {
  return { ...caseSchema.parse(value), name }
}

export function readCapabilities(version: CapturedVersion): Capabilities {
  return JSON.parse(readFileSync(new URL(`captured/capabilities-${version}.json`, import.meta.url), 'utf8')) as Capabilities
}

/** Identities that are the same in every run. */
export function countingIdentity(): RandomIdentity {
  let count = 0
  const next = (digits: number): string => {
    count += 1
    return count.toString(16).padStart(digits, '0')
  }
  return {
    uuid: () => `00000000-0000-4000-8000-${next(12)}`,
    mac: () => `52:54:00:00:00:${next(2)}`,
  }
}

export function casePaths({ folder, config, layers, baseFormat }: GoldenCase): MachinePaths {
  const layersOf = (disk: string) =>
    Array.from({ length: layers[disk] ?? 1 }, (_, index) => {
      const format = index === 0 ? (baseFormat[disk] ?? 'qcow2') : 'qcow2'
      return { path: `${folder}/disks/${disk}/layer${index}.${format}`, format }
    })
  return {
    qmpSocket: `${folder}/qmp.sock`,
    serialSocket: `${folder}/serial.sock`,
    screenSocket: `${folder}/screen.sock`,
    agentSocket: `${folder}/agent.sock`,
    execSocket: `${folder}/exec.sock`,
    serialLog: `${folder}/serial.log`,
    pidFile: `${folder}/qemu.pid`,
    ram: '/proc/self/fd/3',
    disks: Object.fromEntries(config.disks.map(({ id }) => [id, { layers: layersOf(id) }])),
    cdroms: Object.fromEntries(config.cdroms.map(({ id, image }) => [id, image === null ? null : `${folder}/media/${id}.iso`])),
    firmware: config.firmware.kind === 'bios' ? null : { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', codeFormat: 'raw', nvram: `${folder}/nvram.qcow2` },
    directBoot: config.directBoot === undefined ? null : { kernel: `${folder}/boot/vmlinux`, initrd: `${folder}/boot/initrd`, commandLine: ['console=ttyS0', config.directBoot.extraCommandLine].filter((part) => part !== '').join(' ') },
    tpmSocket: config.tpm ? `${folder}/tpm.sock` : null,
  }
}

function capabilitiesFor(golden: GoldenCase, version: CapturedVersion): Capabilities {
  const capabilities = readCapabilities(version)
  return { ...capabilities, devices: capabilities.devices.filter((device) => golden.without?.devices.includes(device) !== true) }
}

/** Plans the hardware through all earlier configurations. */
export function planCase(golden: GoldenCase, capabilities: Capabilities): Hardware {
  const random = countingIdentity()
  let hardware: Hardware | undefined
  for (const config of [...golden.earlier, golden.config]) {
    if (golden.pinnedTo !== undefined && hardware !== undefined) hardware = { ...hardware, machineType: golden.pinnedTo }
    hardware = planHardware({ config, capabilities, accelerator: golden.accelerator, previous: hardware, random })
  }
  if (hardware === undefined) throw new Error('A case has at least its own configuration.')
  return golden.room === undefined ? hardware : { ...hardware, room: golden.room }
}

/** The whole way a start goes: rules, hardware, arguments. `paths` and `capabilities` default to those of the golden. */
export function buildCase(golden: GoldenCase, capabilities: Capabilities, paths: MachinePaths = casePaths(golden)): string[] {
  const { config, accelerator, newGeneration, firmwareSearchPaths, hostTscKHz } = golden
  validateConfig(config, { capabilities })
  const hardware = planCase(golden, capabilities)
  return buildArgv({ id: 'mgolden00000' as MachineId, config, hardware, capabilities, accelerator, paths, newGeneration, firmwareSearchPaths, hostTscKHz })
}

/** What the golden file of a case says on this QEMU: the arguments, one a line, or the refusal. */
export function renderCase(golden: GoldenCase, version: CapturedVersion): { readonly suffix: 'args' | 'err'; readonly text: string } {
  try {
    return { suffix: 'args', text: `${buildCase(golden, capabilitiesFor(golden, version)).join('\n')}\n` }
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error
    const lines = [error.code, error.message, JSON.stringify(error.details), error.next ?? '']
    return { suffix: 'err', text: `${lines.filter((line) => line !== '').join('\n')}\n` }
  }
}

