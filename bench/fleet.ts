/** The machines that are measured: one that boots, and five hundred of which twenty have a process. */
import { cp, link, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { MachineSummary } from '../contract/machine.ts'
import { newMachineId } from '../engine/machine/identity.ts'
import { machineFolderNames, machinesFolder } from '../engine/storage/names.ts'
import type { Bench } from './bench.ts'

export const machineCount = 500
export const runningCount = 20
/** What those with a process are tagged with. */
export const runningTag = 'runs'

const bootingName = 'boots'
/** Enough for the kernel to come up: with less it resets itself again and again until it is paused. */
const idleMemoryMiB = 128

/** A machine of the tiny image, as `mayfly create` makes it; it has been started once. */
export async function bootingMachine(bench: Bench): Promise<MachineSummary> {
  const client = await bench.home.client()
  const present = (await client.machine.list({})).find(({ name }) => name === bootingName)
  if (present !== undefined) return present
  bench.say('Building the tiny image, where it is not yet there ...')
  const job = await client.job.wait({ job: (await client.image.build({ recipe: 'tiny' })).id })
  if (job.state !== 'done') throw new Error(`The tiny image could not be built: ${job.error?.message ?? job.state}`)
  await client.machine.create({ name: bootingName, image: 'tiny', cpus: 1, memoryMiB: 256, start: true })
  return client.machine.stop({ machine: bootingName, force: true })
}

/**
 * Fills the bench's folder up to five hundred machines: twenty are started and their CPUs halted,
 * so that they cost no time; the others are at rest. An engine is left running that knows only
 * some of them.
 */
export async function makeFleet(bench: Bench): Promise<void> {
  const client = await bench.home.client()
  await bootingMachine(bench)
  if ((await client.machine.list({ tag: runningTag })).length === runningCount) return
  bench.say(`Making ${machineCount} machines, ${runningCount} of them with a process ...`)
  for (let index = 0; index < runningCount; index++) {
    const { id } = await client.machine.create({ name: `runs-${number(index)}`, image: 'tiny', cpus: 1, memoryMiB: idleMemoryMiB, tags: [runningTag], start: true })
    await client.machine.pause({ machine: id })
  }
  await fillUp(bench, machineCount - runningCount)
}

/** Machines at rest are added until there are so many of them. The engine that runs does not know of them. */
export async function fillUp(bench: Bench, count: number): Promise<void> {
  const client = await bench.home.client()
  const { folder } = await client.machine.show({ machine: (await bootingMachine(bench)).id })
  const root = machinesFolder(bench.home.folders)
  const present = (await readdir(root)).filter((name) => !name.startsWith('.')).length - (await client.machine.list({ tag: runningTag })).length
  for (let index = present - 1; index < count - 1; index++) await copyMachine(folder, root, `rests-${number(index)}`)
}

/** Runs something while so many guests of the tiny image are up and do nothing. */
export async function withIdleGuests<T>(bench: Bench, count: number, run: () => Promise<T>): Promise<T> {
  const client = await bench.home.client()
  await bootingMachine(bench)
  bench.say(`Booting ${count} machines ...`)
  const ids: string[] = []
  for (let index = 0; index < count; index++) ids.push((await client.machine.create({ name: `idles-${number(index)}`, image: 'tiny', cpus: 1, memoryMiB: 192, start: true })).id)
  for (const machine of ids) await client.machine.wait({ machine, for: 'serial:MAYFLY READY', timeoutMs: 180_000 })
  try {
    return await run()
  } finally {
    const after = await bench.home.client()
    for (const machine of ids) await after.machine.delete({ machine, force: true })
  }
}

/** A machine's folder once more under another id, name and identity; what is large is shared by hard link. */
async function copyMachine(template: string, root: string, name: string): Promise<void> {
  const id = newMachineId()
  const aside = join(root, `.${id}.new`)
  const [from, to] = [machineFolderNames(template), machineFolderNames(aside)]
  await mkdir(aside, { mode: 0o700 })
  await Promise.all([linkTree(from.disks, to.disks), linkTree(from.boot, to.boot), cp(from.logs, to.logs, { recursive: true }), cp(from.layers, to.layers), cp(from.lastExit, to.lastExit)])
  const machine = JSON.parse(await readFile(from.machine, 'utf8')) as { id: string; config: { name: string; tags: string[] } }
  const hardware = JSON.parse(await readFile(from.hardware, 'utf8')) as { uuid: string }
  await writeFile(to.machine, JSON.stringify({ ...machine, id, config: { ...machine.config, name, tags: ['rests', 'nightly'] } }, null, 2), { mode: 0o600 })
  await writeFile(to.hardware, JSON.stringify({ ...hardware, uuid: randomUUID() }, null, 2), { mode: 0o600 })
  await rename(aside, join(root, id))
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    await (entry.isDirectory() ? linkTree(source, target) : link(source, target))
  }
}

function number(index: number): string {
  return String(index).padStart(3, '0')
}
