/** What a fork and a checkpoint with RAM cost: the guest's pause, the time to the copy's first instruction, the disk. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { machineFolderNames } from '../engine/storage/names.ts'
import type { Bench } from './bench.ts'
import type { FigureName, Measured } from './figure.ts'
import { median } from './figure.ts'
import { besideLibvirt } from './libvirt.ts'
import { forkDisksOnce, forkOnce, idle, large, type OneFork, restoreRam, runningMachine, small, takeRam } from './saved-machines.ts'

const rounds = 15
const fewestRounds = 5
const storedCheckpoints = 20
const firmware = 'saves-firmware'
/** What an idle guest writes in a minute is much the same as in a few seconds: its clocks, its counters. */
const storedEveryMs = 3_000

/** From the call until the fork's CPUs run, as the engine tells it. No QEMU waits beforehand. */
export async function measureFork(bench: Bench): Promise<Measured> {
  const client = await runningMachine(bench, small)
  await forkOnce(client, small.name)
  const forks = await repeat(bench, 'fork', () => forkOnce(client, small.name))
  const readyMs = forks.map((fork) => fork.readyMs)
  return { value: median(readyMs), samples: { readyMs }, beside: { pauseMedianMs: median(forks.map(({ pauseMs }) => pauseMs)), ...(await besideLibvirt(bench)) } }
}

/** A fork of a machine sixteen times as large, of which a gigabyte is in use, against a fork of a small one. In turns. */
export async function measureForkSize(bench: Bench): Promise<Measured> {
  const client = await runningMachine(bench, small)
  await runningMachine(bench, large)
  for (const { name } of [small, large]) await forkOnce(client, name)
  const [smallMs, largeMs]: [number[], number[]] = [[], []]
  await repeat(bench, 'fork-size', async () => {
    smallMs.push((await forkOnce(client, small.name)).readyMs)
    largeMs.push((await forkOnce(client, large.name)).readyMs)
  })
  return { value: median(largeMs) / median(smallMs), samples: { smallMs, largeMs }, beside: { smallMedianMs: median(smallMs), largeMedianMs: median(largeMs) } }
}

/** A fork of a fork, which runs on layers itself, against a fork. In turns. */
export async function measureForkOfFork(bench: Bench): Promise<Measured> {
  const client = await runningMachine(bench, small)
  const { forks } = await client.machine.fork({ machine: small.name, what: 'ram' })
  const parent = forks[0]?.machine.id ?? ''
  for (const machine of [small.name, parent]) await forkOnce(client, machine)
  const [forkMs, grandchildMs]: [number[], number[]] = [[], []]
  await repeat(bench, 'fork-of-fork', async () => {
    forkMs.push((await forkOnce(client, small.name)).readyMs)
    grandchildMs.push((await forkOnce(client, parent)).readyMs)
  })
  await client.machine.delete({ machine: parent, force: true })
  return { value: median(grandchildMs) / median(forkMs), samples: { forkMs, grandchildMs } }
}

/** How long the source stands still with a gigabyte in use: the first time, when its own memory file is frozen in place, and later. The worse counts. */
export async function measurePause(bench: Bench): Promise<Measured> {
  const engine = await bench.home.client()
  // Only the first freeze of a machine is one in place.
  const old = (await engine.machine.list({})).find(({ name }) => name === large.name)
  if (old !== undefined) await engine.machine.delete({ machine: old.id, force: true })
  const client = await runningMachine(bench, large)
  const first = await forkOnce(client, large.name)
  const later: OneFork[] = []
  await repeat(bench, 'pause', async () => {
    // Some megabytes of news, as a guest that does something has them.
    await client.guest.run({ machine: large.name, argv: ['sh', '-c', 'dd if=/dev/urandom of=/run/news bs=1M count=8'], timeoutMs: 60_000 })
    later.push(await forkOnce(client, large.name))
  })
  const laterMs = later.map(({ pauseMs }) => pauseMs)
  return { value: Math.max(first.pauseMs, median(laterMs)), samples: { firstMs: [first.pauseMs], laterMs } }
}

/**
 * Of disks alone, which are frozen for a checkpoint and for a fork in the same way; the fork says how long it took.
 * A machine stands still only for its variables and its TPM's state to be copied: one without them not at all.
 */
export async function measurePauseDisk(bench: Bench): Promise<Measured> {
  const client = await runningMachine(bench, small)
  await client.machine.create({ name: firmware, image: 'tiny', memoryMiB: 256, cpus: 1, firmware: 'uefi', tpm: true })
  await client.disk.add({ machine: firmware, sizeMiB: 64 })
  bench.say('Booting a machine with UEFI and a TPM ...')
  await client.machine.start({ machine: firmware })
  await client.machine.wait({ machine: firmware, for: 'agent', timeoutMs: 180_000 })
  const [ms, plainMs]: [number[], number[]] = [[], []]
  await repeat(bench, 'pause-disk', async () => {
    for (const [machine, taken] of [[firmware, ms], [small.name, plainMs]] as const) taken.push((await forkDisksOnce(client, machine)).pauseMs)
  })
  await client.machine.delete({ machine: firmware, force: true })
  return { value: median(ms), samples: { ms, plainMs }, beside: { worstMs: Math.max(...ms), plainMedianMs: median(plainMs) } }
}

/** From the call to the end of its job: the machine runs again, from memory that lies on disk. */
export async function measureRestore(bench: Bench): Promise<Measured> {
  const client = await runningMachine(bench, large)
  const begun = performance.now()
  await takeRam(client, large.name, 'restored')
  const takeMs = performance.now() - begun
  const restoreMs = await repeat(bench, 'restore', () => restoreRam(client, large.name, 'restored'))
  const forkOfCheckpointMs = [await forkOnce(client, large.name, 'restored'), await forkOnce(client, large.name, 'restored')].map(({ readyMs }) => readyMs)
  return { value: median(restoreMs), samples: { restoreMs, forkOfCheckpointMs, takeMs: [takeMs] }, beside: await besideLibvirt(bench) }
}

/** What twenty checkpoints with RAM take on disk, as a multiple of what the first takes. */
export async function measureStorage(bench: Bench): Promise<Measured> {
  const client = await runningMachine(bench, idle)
  const { folder } = await client.machine.show({ machine: idle.name })
  const names = machineFolderNames(folder)
  const bytes: number[] = []
  for (let number = 1; number <= storedCheckpoints; number++) {
    await new Promise((resolve) => setTimeout(resolve, storedEveryMs))
    await takeRam(client, idle.name, `stored-${number}`)
    bytes.push(await bytesOf([names.ram, names.checkpoints]))
  }
  const [first = Number.NaN] = bytes
  const last = bytes.at(-1) ?? Number.NaN
  return { value: last / first, samples: { bytes }, beside: { firstMB: first / 1e6, allMB: last / 1e6, everySeconds: storedEveryMs / 1000 } }
}

/** What folders take on disk: holes take nothing, and a file with several names is there once. What the image has a name for, too, is not theirs. */
async function bytesOf(folders: readonly string[]): Promise<number> {
  const paths = (await Promise.all(folders.map(async (folder) => (await readdir(folder, { recursive: true })).map((entry) => join(folder, entry))))).flat()
  const files = new Map<number, number>()
  for (const path of paths) {
    const { ino, blocks } = await stat(path)
    // In units of 512 bytes (stat(2)).
    if (!path.includes('/boot/')) files.set(ino, blocks * 512)
  }
  return [...files.values()].reduce((sum, bytes) => sum + bytes, 0)
}

async function repeat<T>(bench: Bench, figure: FigureName, once: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  while (results.length < rounds && (results.length < fewestRounds || bench.hasTime(figure))) {
    bench.say(`${figure}: round ${results.length + 1} of ${rounds}`)
    results.push(await once())
  }
  return results
}
