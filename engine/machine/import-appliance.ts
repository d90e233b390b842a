/** Makes a machine of an OVA: its disks are converted from within it, everything else is ours from the first moment. */
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Appliance } from '../../contract/appliance.ts'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { PortForward } from '../../contract/device.ts'
import type { Job } from '../../contract/job.ts'
import { type MachineConfig, machineConfigSchema } from '../../contract/machine.ts'
import { checkManifest } from '../appliance/check-manifest.ts'
import { findInOva, notOva, openOva, type PackedFile, readOvf as readOvfText } from '../appliance/find-in-ova.ts'
import { type AppliancePlan, planAppliance } from '../appliance/plan-appliance.ts'
import { readOvf } from '../appliance/read-ovf.ts'
import { assertAbsolutePath } from '../images/add-image.ts'
import { freeName, nameFromFile } from '../images/image-name.ts'
import { defaultMachineConfig } from '../qemu/argv/defaults.ts'
import { validateConfig } from '../qemu/argv/validate-config.ts'
import { convertPackedVmdk } from '../qemu/img/convert-image.ts'
import { resizeQcow2 } from '../qemu/img/resize-qcow2.ts'
import { readVmdkHeader } from '../qemu/img/vmdk-header.ts'
import type { JobHandle } from '../jobs/job-book.ts'
import { fillFolder } from './create.ts'
import type { EngineContext } from './engine-context.ts'
import { type Layers, makeDiskFolder, newLayerFile, writeLayers } from './layers.ts'
import type { Machines } from './machines.ts'
import { start } from './power.ts'

export interface ImportRequest {
  /** Absolute. */
  readonly file: string
  readonly name?: string | undefined
  readonly cpus?: number | undefined
  readonly memoryMiB?: number | undefined
  /** Of the first disk. */
  readonly diskMiB?: number | undefined
  readonly forwards?: PortForward[] | undefined
  /** Start it once it is there. */
  readonly start?: boolean | undefined
}

const bytesPerMiB = 1024 * 1024

interface FoundDisk extends PackedFile {
  readonly label: string
  readonly sizeMiB: number
  readonly bus: AppliancePlan['disks'][number]['bus']
}

interface Found extends Omit<AppliancePlan, 'disks'> {
  readonly disks: readonly FoundDisk[]
}

/** What the file would become. Throws `not-found`, and `unsupported` with the reason where it is no sound OVA. */
export async function inspectAppliance(file: string): Promise<Appliance> {
  const { hasSound: _sound, disks, nics, warnings, ...rest } = await look(file)
  return { ...rest, profile: 'compatible', disks: disks.map(({ label, sizeMiB, bus }) => ({ label, sizeMiB, bus })), nics: [...nics], warnings: [...warnings] }
}

/** Begins the import as a job. Throws as `inspectAppliance`, `conflict` where the name is taken, `invalid-input` where what is asked for does not fit. */
export async function importAppliance(context: EngineContext, machines: Machines, request: ImportRequest): Promise<Job> {
  const found = await look(request.file)
  const capabilities = await context.host.capabilitiesOrNull()
  const name = request.name ?? freeName(found.name, (candidate) => isTaken(machines, candidate))
  const config = configOf({ ...request, name }, found, context, capabilities)
  validateConfig(config, { capabilities })
  const unreserve = machines.reserveName(name)
  return context.jobs.run({ kind: 'machine.import', title: `Import ${name}`, machine: null }, async (job) => {
    try {
      const id = await fillFolder(context, config, async (names) => {
        const installation = await context.host.installation()
        job.stage('Checking its files')
        await checkFiles(request.file, job)
        const total = found.disks.reduce((sum, disk) => sum + disk.bytes, 0)
        const layers: Layers = {}
        let done = 0
        for (const [index, disk] of found.disks.entries()) {
          const deviceId = config.disks[index]?.id ?? `disk${index}`
          job.stage(found.disks.length === 1 ? 'Converting the disk' : `Converting disk ${index + 1} of ${found.disks.length}`)
          const layer = newLayerFile()
          const target = join(await makeDiskFolder(names, deviceId), layer)
          await convertPackedVmdk(installation, { source: request.file, offset: disk.offset, bytes: disk.bytes, target, signal: job.signal, onProgress: (share) => job.progress(done + share * disk.bytes, total) })
          const sizeMiB = config.disks[index]?.sizeMiB ?? disk.sizeMiB
          if (sizeMiB > disk.sizeMiB) await resizeQcow2(installation, target, sizeMiB * bytesPerMiB)
          layers[deviceId] = [layer]
          done += disk.bytes
        }
        await writeLayers(names, layers)
      })
      const core = await machines.admit(id)
      // It is there, whether or not it starts.
      const notStarted = request.start === true ? await start(core).then(() => [], (error: unknown) => [`It was not started. ${error instanceof Error ? error.message : String(error)}`]) : []
      return { machine: id, sentence: [`${name} was made of ${nameFromFile(request.file)}.`, ...notStarted, ...found.warnings].join(' ') }
    } finally {
      unreserve()
    }
  })
}

async function look(path: string): Promise<Found> {
  assertAbsolutePath(path)
  const file = await openOva(path)
  try {
    const files = await findInOva(path, file)
    const text = await readOvfText(path, file, files)
    const plan = refusing(path, () => planAppliance(readOvf(text)))
    const disks: FoundDisk[] = []
    for (const [index, { file: name, bus }] of plan.disks.entries()) disks.push({ ...(await findDisk(path, file, files, name)), label: plan.disks.length === 1 ? '' : `disk ${index + 1}`, bus })
    return { ...plan, name: plan.name === '' ? nameFromFile(path.replace(/\.ova$/i, '')) : nameFromFile(plan.name), disks }
  } finally {
    await file.close()
  }
}

async function checkFiles(path: string, job: JobHandle): Promise<void> {
  const file = await openOva(path)
  try {
    await checkManifest(path, file, await findInOva(path, file), { signal: job.signal, onProgress: (done, total) => job.progress(done, total) })
  } finally {
    await file.close()
  }
}

async function findDisk(path: string, file: FileHandle, files: ReadonlyMap<string, PackedFile>, name: string): Promise<PackedFile & { sizeMiB: number }> {
  const place = files.get(name)
  if (place === undefined) throw notOva(path, 'A disk that its description names is not in it.')
  const { virtualBytes, refusal } = await readVmdkHeader(file, place.offset, place.bytes)
  if (refusal !== null) throw notOva(path, `Its disk ${JSON.stringify(name)} is not taken. ${refusal}`)
  return { ...place, sizeMiB: Math.ceil(virtualBytes / bytesPerMiB) }
}

/** Errors of reading are sentences about the file. */
function refusing<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw notOva(path, error instanceof Error ? error.message : String(error))
  }
}

function isTaken(machines: Machines, name: string): boolean {
  try {
    machines.assertNameFree(name)
    return false
  } catch (error) {
    if (isMayflyError(error)) return true
    throw error
  }
}

/** A machine with hardware that every system knows, in the appliance's sizes. */
function configOf(request: ImportRequest & { readonly name: string }, found: Found, context: EngineContext, capabilities: Awaited<ReturnType<EngineContext['host']['capabilitiesOrNull']>>): MachineConfig {
  const { cpus: hostCpus, memoryMiB: hostMiB } = context.host.size()
  const leastMiB = found.disks[0]?.sizeMiB ?? 0
  if (request.diskMiB !== undefined && request.diskMiB < leastMiB) {
    throw new MayflyError('invalid-input', `The appliance's first disk has ${leastMiB} MiB; a disk grows, it never shrinks.`, { issues: [{ path: 'diskMiB', message: `At least ${leastMiB} MiB.` }] })
  }
  const made = defaultMachineConfig({ name: request.name, profile: 'compatible', firmware: found.firmware, sound: found.hasSound ? 'on' : 'none', preallocation: 'off', start: false, throwaway: false }, null, { cpus: hostCpus, memoryMiB: hostMiB, capabilities })
  const [card] = made.nics
  const config: MachineConfig = {
    ...made,
    cpus: request.cpus ?? found.cpus,
    memoryMiB: request.memoryMiB ?? found.memoryMiB,
    disks: found.disks.map(({ label, sizeMiB, bus }, index) => ({ id: `disk${index}`, label, bus, sizeMiB: index === 0 ? (request.diskMiB ?? sizeMiB) : sizeMiB, readOnly: false, cache: 'safe', ...(index === 0 ? { bootIndex: 1 } : {}) })),
    nics: card === undefined ? [] : found.nics.map((model, index) => ({ ...card, id: `nic${index}`, model, network: { ...card.network, forwards: index === 0 ? (request.forwards ?? []) : [] } })),
  }
  const checked = machineConfigSchema.safeParse(config)
  if (checked.success) return checked.data
  const issues = checked.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
  throw new MayflyError('invalid-input', `The appliance does not fit: ${issues[0]?.path ?? ''}: ${issues[0]?.message ?? ''}`, { issues })
}
