/**
 * Plugs CPUs and memory into a guest that runs, within the room its hardware has, and sees to it that
 * the guest uses them: some kernels leave that to a program.
 */
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { liveOf } from '../machine/power.ts'
import type { QmpClient } from '../qemu/qmp/qmp-client.ts'
import { runGuestTool } from '../run/guest-tool.ts'

const onlineWithinMs = 20_000

/** How much the guest shall have in all; absent: as it is. */
export interface Plug {
  readonly cpus?: number | undefined
  readonly memoryMiB?: number | undefined
}

/** Resolves when the guest has what it was given. Throws `qmp-failed`, `unsupported` where the guest does not take it. */
export async function plugIn(core: MachineCore, wish: Plug, signal: AbortSignal): Promise<void> {
  const { run } = core
  if (run === null) throw new MayflyError('conflict', `${core.name} has just ended.`, { state: core.state, allowed: ['running'] })
  const has = run.config
  const cpus = wish.cpus ?? has.cpus
  const memoryMiB = wish.memoryMiB ?? has.memoryMiB
  if (cpus === has.cpus && memoryMiB === has.memoryMiB) return
  const { qmp } = liveOf(core)
  await core.queue.run(async () => {
    if (cpus > has.cpus) await plugCpus(qmp, cpus - has.cpus)
    if (memoryMiB > has.memoryMiB) await plugMemory(qmp, memoryMiB - has.memoryMiB)
    // At its next start it has all of it from the beginning.
    await core.saveConfig(withMore(core.config, cpus, memoryMiB))
    await core.saveRun({ ...run, config: withMore(has, cpus, memoryMiB), plugged: true })
  })
  await bringOnline(core, cpus, memoryMiB - has.memoryMiB, signal)
}

/** A topology that was only the old count of CPUs said otherwise goes with it. */
function withMore({ topology, ...config }: MachineConfig, cpus: number, memoryMiB: number): MachineConfig {
  return { ...config, cpus, memoryMiB, ...(topology === undefined || cpus !== config.cpus ? {} : { topology }) }
}

async function plugCpus(qmp: QmpClient, count: number): Promise<void> {
  const places = (await qmp.execute('query-hotpluggable-cpus')).filter((place) => place['qom-path'] === undefined)
  const order = ({ props }: (typeof places)[number]): number => (props['socket-id'] ?? 0) * 1_000_000 + (props['core-id'] ?? 0) * 1_000 + (props['thread-id'] ?? 0)
  const chosen = places.toSorted((one, other) => order(one) - order(other)).slice(0, count)
  if (chosen.length < count) throw new MayflyError('unsupported', `The machine has room for ${chosen.length} more CPUs.`, { needs: `${count} CPUs`, have: `${chosen.length}` })
  for (const { type, props } of chosen) await qmp.execute('device_add', { driver: type, id: `cpu-${order({ type, props, 'vcpus-count': 1 })}`, ...props })
}

/**
 * Memory of its own, not shared: the library inside QEMU knows nothing of it, and what saves the guest's
 * state would take shared memory for kept.
 */
async function plugMemory(qmp: QmpClient, sizeMiB: number): Promise<void> {
  await qmp.execute('object-add', { 'qom-type': 'memory-backend-ram', id: 'plugged-ram', size: sizeMiB * 1024 * 1024 })
  try {
    await qmp.execute('device_add', { driver: 'pc-dimm', id: 'plugged-dimm', memdev: 'plugged-ram' })
  } catch (error) {
    await qmp.execute('object-del', { id: 'plugged-ram' }).catch(() => undefined)
    throw error
  }
}

/** Waits in the guest until its kernel has found everything, and tells it to use what it left aside. */
const onlineScript = String.raw`
cpus=$1
memory=$2
added=$3
cd /sys/devices/system/memory 2> /dev/null && read -r block < block_size_bytes || block=0
for try in $(seq 400); do
  for one in /sys/devices/system/cpu/cpu*/online; do
    [ -e "$one" ] && read -r state < "$one" && [ "$state" = 0 ] && echo 1 > "$one"
  done 2> /dev/null
  used=0
  for one in memory*/state; do
    [ -e "$one" ] && read -r state < "$one" || continue
    [ "$state" = offline ] && { echo online_movable > "$one" || echo online > "$one"; }
    [ "$state" = online ] && used=$((used + 0x$block / 1048576))
  done 2> /dev/null
  total=0
  while read -r key value unit; do [ "$key" = MemTotal: ] && total=$value && break; done < /proc/meminfo
  [ "$(grep -c ^processor /proc/cpuinfo)" -ge "$cpus" ] && { [ "$added" = 0 ] || [ "$used" -ge "$memory" ]; } && [ $((total / 1024)) -ge $((added * 9 / 10)) ] && exit 0
  usleep 10000 2> /dev/null || sleep 0.01
done
exit 1
`

async function bringOnline(core: MachineCore, cpus: number, addedMiB: number, signal: AbortSignal): Promise<void> {
  try {
    const end = await runGuestTool(core, { argv: ['sh', '-c', onlineScript, 'sh', String(cpus), String(core.config.memoryMiB), String(addedMiB)], timeoutMs: onlineWithinMs, signal })
    if (end.exitStatus === 0) return
  } catch (error) {
    if (signal.aborted || !isMayflyError(error)) throw error
  }
  throw new MayflyError('unsupported', `The guest of ${core.name} does not use the CPUs or the memory that were plugged in.`, { needs: 'a guest whose kernel takes them while it runs', have: 'one that does not' }, { next: 'Make the template with that much from the beginning.' })
}
