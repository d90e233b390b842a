/** libvirt's place beside a figure: the same guest, saved and restored by virsh in the same run. */
import type { Bench } from './bench.ts'
import { median } from './figure.ts'
import { LibvirtDaemon, libvirtObstacle } from './libvirt-daemon.ts'

const rounds = 5

interface LibvirtFigures {
  /** `virsh snapshot-create-as --memspec`. */
  readonly snapshotMs: number
  readonly snapshotMB: number
  /** `virsh restore` of what `virsh save` wrote. */
  readonly restoreMs: number
  /** `virt-clone` of the machine, which is off; null where it is not installed. */
  readonly cloneMs: number | null
}

type Beside = Readonly<Record<string, number | string | null>>

let measured: Promise<LibvirtFigures> | null = null

/** What virsh needs for the same, with an idle guest of 1 GiB; where it cannot be measured, why. */
export async function besideLibvirt(bench: Bench): Promise<Beside> {
  const obstacle = libvirtObstacle()
  if (obstacle !== null) return { libvirt: obstacle }
  measured ??= measureLibvirt(bench)
  try {
    const { snapshotMs, snapshotMB, restoreMs, cloneMs } = await measured
    return { libvirtSnapshotMedianMs: snapshotMs, libvirtSnapshotMB: snapshotMB, libvirtRestoreMedianMs: restoreMs, libvirtCloneMs: cloneMs }
  } catch (error) {
    return { libvirt: error instanceof Error ? error.message : String(error) }
  }
}

async function measureLibvirt(bench: Bench): Promise<LibvirtFigures> {
  bench.say('Starting a libvirtd of our own, with the same guest ...')
  const daemon = await LibvirtDaemon.start(bench)
  try {
    await daemon.boot()
    const [snapshotMs, restoreMs]: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      snapshotMs.push(await daemon.snapshot(round))
      restoreMs.push(await daemon.restore())
    }
    return { snapshotMs: median(snapshotMs), snapshotMB: (await daemon.snapshotBytes(0)) / 1e6, restoreMs: median(restoreMs), cloneMs: await daemon.clone() }
  } finally {
    await daemon.stop()
  }
}
