/** The machines whose forks and checkpoints are measured, and what is done with them again and again. */
import { isMayflyError } from '../contract/errors.ts'
import type { CheckpointId } from '../contract/ids.ts'
import type { Job } from '../contract/job.ts'
import type { EngineClient } from '../engine/engine-face.ts'
import type { Bench } from './bench.ts'
import { bootingMachine } from './fleet.ts'

export interface SavedMachine {
  readonly name: string
  readonly memoryMiB: number
  /** Random data in the guest's memory, so that it is in use. */
  readonly fillMiB: number
}

export const small: SavedMachine = { name: 'saves-small', memoryMiB: 256, fillMiB: 0 }
export const large: SavedMachine = { name: 'saves-large', memoryMiB: 4096, fillMiB: 900 }
export const idle: SavedMachine = { name: 'saves-idle', memoryMiB: 1024, fillMiB: 0 }

const readyWithinMs = 180_000

/** Runs, has settled after its boot, and uses the memory it shall use. Its RAM has not been frozen when it is new. */
export async function runningMachine(bench: Bench, { name, memoryMiB, fillMiB }: SavedMachine): Promise<EngineClient> {
  const client = await bench.home.client()
  await bootingMachine(bench)
  if ((await client.machine.list({})).some((machine) => machine.name === name)) return client
  bench.say(`Booting a machine with ${memoryMiB} MiB${fillMiB === 0 ? '' : ` and filling ${fillMiB} of them`} ...`)
  await client.machine.create({ name, image: 'tiny', cpus: 2, memoryMiB, start: true })
  await client.machine.wait({ machine: name, for: 'agent', timeoutMs: readyWithinMs })
  if (fillMiB > 0) await client.guest.run({ machine: name, argv: ['sh', '-c', `mount -o remount,size=90% /run; dd if=/dev/urandom of=/run/fill bs=1M count=${fillMiB}`], timeoutMs: readyWithinMs })
  return client
}

export interface OneFork {
  readonly readyMs: number
  readonly pauseMs: number
}

/** Forks once and deletes the fork. */
export function forkOnce(client: EngineClient, machine: string, checkpoint?: string): Promise<OneFork> {
  return forkAndDelete(client, { machine, what: 'ram', ...(checkpoint === undefined ? {} : { checkpoint }) })
}

/** As `forkOnce`, of its disks alone; the fork is not let boot. */
export function forkDisksOnce(client: EngineClient, machine: string): Promise<OneFork> {
  return forkAndDelete(client, { machine, what: 'disks', begin: 'pause' })
}

async function forkAndDelete(client: EngineClient, request: Parameters<EngineClient['machine']['fork']>[0]): Promise<OneFork> {
  const { forks, pauseMs } = await client.machine.fork({ ...request, throwaway: true })
  const [fork] = forks
  if (fork === undefined) throw new Error('A fork that was made is told of.')
  // A throwaway may be faster than we are.
  await client.machine.delete({ machine: fork.machine.id, force: true }).catch((error: unknown) => {
    if (!isMayflyError(error, 'not-found')) throw error
  })
  return { readyMs: fork.readyMs, pauseMs }
}

/** Takes a checkpoint with RAM; resolves when it is on disk. */
export async function takeRam(client: EngineClient, machine: string, label: string): Promise<CheckpointId> {
  await done(client, await client.checkpoint.take({ machine, label, what: 'ram' }))
  return (await client.checkpoint.show({ machine, checkpoint: label })).id
}

/** Takes the machine back; milliseconds until it runs. */
export async function restoreRam(client: EngineClient, machine: string, checkpoint: string): Promise<number> {
  const begun = performance.now()
  await done(client, await client.checkpoint.restore({ machine, checkpoint, what: 'ram' }))
  return performance.now() - begun
}

/** Waits for a job; throws its failure. */
export async function done(client: EngineClient, job: Pick<Job, 'id'>): Promise<void> {
  const { state, error } = await client.job.wait({ job: job.id })
  if (state !== 'done') throw new Error(`A job ended as ${state}: ${error?.message ?? ''}`)
}

/** They keep cores and memory busy that other figures need. */
export async function deleteSavedMachines(bench: Bench): Promise<void> {
  const client = await bench.home.client()
  const names = new Set([small, large, idle].map(({ name }) => name))
  for (const { id, name } of await client.machine.list({})) if (names.has(name)) await client.machine.delete({ machine: id, force: true })
}
