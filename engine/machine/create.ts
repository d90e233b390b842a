/** Makes a machine: its folder is filled aside and comes into its place by one rename, whole or not at all. */
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import type { DeviceId, MachineId } from '../../contract/ids.ts'
import type { Image } from '../../contract/image.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import type { CreateRequest } from '../../contract/procedures/machine.ts'
import type { Settings } from '../../contract/settings.ts'
import { defaultMachineConfig } from '../qemu/argv/defaults.ts'
import { validateConfig } from '../qemu/argv/validate-config.ts'
import { describeWriteFailure, makePrivateFolder, syncPath } from '../storage/atomic-file.ts'
import { writeDocument } from '../storage/document.ts'
import { machineFolderNames, type MachineFolderNames, machinesFolder } from '../storage/names.ts'
import { placeKernel } from './direct-boot.ts'
import { type BlankDisk, makeDisk } from './disks.ts'
import type { EngineContext } from './engine-context.ts'
import { newMachineId } from './identity.ts'
import { type Layers, writeLayers } from './layers.ts'
import { changedLife, lifeDocument, machineDocument, ordinaryLife } from './machine-documents.ts'
import type { MachineCore } from './machine-core.ts'
import type { Machines } from './machines.ts'
import { placeMedium } from './media.ts'

/** Makes a machine as asked; `fill` writes what else belongs into its folder from the beginning. On a failure nothing is left. */
export async function createMachine(context: EngineContext, machines: Machines, request: CreateRequest, fill?: (names: MachineFolderNames) => Promise<void>): Promise<MachineCore> {
  const image = request.image === undefined ? null : context.images.get(request.image)
  if (image?.broken != null) throw new MayflyError('unsupported', `The image ${image.name} cannot be used: ${image.broken}`, { needs: 'a sound image', have: image.broken })
  const capabilities = await context.host.capabilitiesOrNull()
  const settings = await context.settings.readOrDefaults()
  const config = defaultMachineConfig(withDefaults(request, settings), image, { ...context.host.size(), capabilities }, { timeoutSeconds: settings.stopTimeoutSeconds, onTimeout: settings.onStopTimeout })
  validateConfig(config, { capabilities })
  const unreserve = machines.reserveName(config.name)
  try {
    const life = changedLife(ordinaryLife, request)
    const id = await fillFolder(context, config, async (names) => {
      if (life.throwaway || life.expiresAt !== null) await writeDocument(names.life, lifeDocument, { format: 'mayfly-life', version: 1, ...life })
      await placeContent(context, names, config, image, request.preallocation)
      await fill?.(names)
    })
    return await machines.admit(id)
  } finally {
    unreserve()
  }
}

/** What the request leaves open is filled from the user's settings; what those leave open, by image and host. */
function withDefaults(request: CreateRequest, settings: Settings): CreateRequest {
  return { ...request, profile: request.profile ?? settings.defaultProfile ?? undefined, cpus: request.cpus ?? settings.defaultCpus ?? undefined, memoryMiB: request.memoryMiB ?? settings.defaultMemoryMiB ?? undefined }
}

/** Makes a machine's folder aside, lets `fill` fill it, and moves it into its place. */
export async function fillFolder(context: EngineContext, config: MachineConfig, fill: (names: MachineFolderNames) => Promise<void>): Promise<MachineId> {
  const id = newMachineId()
  const root = machinesFolder(context.folders)
  const aside = join(root, `.${id}.new`)
  await makePrivateFolder(aside)
  try {
    const names = machineFolderNames(aside)
    await makePrivateFolder(names.logs)
    await makePrivateFolder(names.disks)
    await fill(names)
    await writeFile(names.eventLog, `${new Date().toISOString()} created: ${JSON.stringify(config.name)} was made.\n`, { mode: 0o600 })
    await writeDocument(names.machine, machineDocument, { format: 'mayfly-machine', version: 1, id, createdAt: new Date().toISOString(), config })
    await rename(aside, join(root, id))
    await syncPath(root)
  } catch (error) {
    await rm(aside, { recursive: true, force: true })
    throw await describeWriteFailure(aside, error)
  }
  return id
}

async function placeContent(context: EngineContext, names: MachineFolderNames, config: MachineConfig, image: Image | null, preallocation: BlankDisk['preallocation']): Promise<void> {
  const layers: Record<DeviceId, Layers[string]> = {}
  for (const [index, disk] of config.disks.entries()) {
    const base = index === 0 && image?.kind === 'disk' ? image.id : null
    layers[disk.id] = await makeDisk(context, names, { disk: disk.id, sizeMiB: disk.sizeMiB, preallocation, image: base })
  }
  await writeLayers(names, layers)
  if (config.directBoot !== undefined) await placeKernel(names, context.images, config.directBoot.image)
  for (const drive of config.cdroms) {
    if (drive.image !== null) await placeMedium(names, drive.id, context.images, drive.image)
  }
}

/** Removes what an engine that was killed while making a machine left aside. */
export async function sweepUnfinished(context: EngineContext): Promise<void> {
  const root = machinesFolder(context.folders)
  await makePrivateFolder(root)
  const unfinished = (await readdir(root)).filter((name) => /^\.[a-z0-9]{12}\.new$/.test(name))
  await Promise.all(unfinished.map((name) => rm(join(root, name), { recursive: true, force: true })))
}
