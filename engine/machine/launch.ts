/** Everything between "start it" and a QEMU that answers: what the guest will see, its files, its process. */
import { closeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { totalmem, uptime } from 'node:os'
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { CappedLog } from '../logs/capped-log.ts'
import { hostTscKHz } from '../host/host-clock.ts'
import { loadNative } from '../native.ts'
import { buildArgv } from '../qemu/argv/build-argv.ts'
import { hardwareDocument } from './hardware-document.ts'
import type { Hardware } from '../qemu/argv/hardware.ts'
import type { MachinePaths } from '../qemu/argv/machine-paths.ts'
import { planHardware } from '../qemu/argv/plan-hardware.ts'
import { validateConfig } from '../qemu/argv/validate-config.ts'
import { inheritedRamPath, type LaunchedQemu, launchQemu, readTextTail } from '../qemu/process/launch-qemu.ts'
import type { OpenRamLayer } from '../qemu/process/ram-layer.ts'
import { layRam, prepareRamLaunch, type RamLaunch } from '../qemu/process/ram-library.ts'
import { readExitRecord } from '../qemu/process/exit-record.ts'
import { hostBootId, identifyProcess, type ProcessIdentity } from '../qemu/process/process-identity.ts'
import { endSwtpm, startSwtpm } from '../qemu/process/swtpm.ts'
import { loadDeviceState } from '../qemu/qmp/device-state.ts'
import type { QmpClient } from '../qemu/qmp/qmp-client.ts'
import type { UsableHost } from '../host/host-probe.ts'
import { makePrivateFolder } from '../storage/atomic-file.ts'
import { writeDocument } from '../storage/document.ts'
import { canBind } from './host-ports.ts'
import { cdromPath } from './media.ts'
import { directBootPaths } from './direct-boot.ts'
import { firmwarePaths } from './firmware-paths.ts'
import { randomIdentity } from './identity.ts'
import { layerPaths, readLayers } from './layers.ts'
import { connectMonitor } from './live-machine.ts'
import type { MachineCore } from './machine-core.ts'
import { readPidFile } from './pid-file.ts'
import type { SavedPoint } from './saved-point.ts'

/** QEMU answers 60 to 110 ms after it was started; a loaded host may need far longer. */
const monitorWithinMs = 30_000

export interface Launched {
  readonly qmp: QmpClient
  readonly process: ProcessIdentity
  readonly qemu: LaunchedQemu
  /** Aborts when the process has ended. */
  readonly ended: AbortSignal
}

/** A launch that is prepared: only its process is missing. */
export interface LaunchPlan {
  readonly host: UsableHost
  readonly config: MachineConfig
  readonly args: readonly string[]
}

/**
 * Launches the machine's QEMU with its CPUs standing still, at its firmware or, with `from`, where a
 * guest was when it was saved. Runs in the machine's queue, in state `starting` or `restoring`. On a
 * failure nothing is left running and no trace of a run is left behind.
 */
export async function launch(core: MachineCore, signal: AbortSignal, from?: SavedPoint, planned?: LaunchPlan): Promise<Launched> {
  const plan = planned ?? (await planLaunch(core, from))
  try {
    signal.throwIfAborted()
    const launched = await spawnAndGreet(core, plan, from?.ram ?? [], signal)
    if (from !== undefined) await loadState(core, launched, from, signal)
    return launched
  } catch (error) {
    await forgetLaunch(core)
    if (signal.aborted) throw signal.reason
    throw error
  }
}

/** Launches a QEMU that waits, perhaps long, for a state to be loaded with `loadState`. Its RAM is mapped already. Throws and cleans up as `launch`. */
export async function launchWaiting(core: MachineCore, signal: AbortSignal, from: SavedPoint): Promise<Launched> {
  const plan = await planLaunch(core, from)
  try {
    return await spawnAndGreet(core, plan, from.ram, signal)
  } catch (error) {
    await forgetLaunch(core)
    throw error
  }
}

/**
 * Launches a QEMU that waits before it is known what its guest begins from: only `layRam` and `loadState` are missing then.
 * `planned` is of a launch with a state to come. Throws and cleans up as `launch`.
 */
export async function launchAhead(core: MachineCore, signal: AbortSignal, planned: LaunchPlan): Promise<Launched> {
  try {
    return await spawnAndGreet(core, planned, [], signal)
  } catch (error) {
    await forgetLaunch(core)
    throw error
  }
}

/** Gives a QEMU that was launched ahead the RAM its guest begins from. On a failure its process has ended, and nothing of the run is left. */
export async function layUnder(core: MachineCore, { qemu }: Launched, ram: SavedPoint['ram']): Promise<void> {
  if (ram.length === 0) return
  try {
    await layRam(core.runtime.ramSocket, (core.run?.config ?? core.config).memoryMiB * 1024 * 1024, ram)
  } catch (error) {
    await endKeeper(qemu)
    await forgetLaunch(core)
    throw error
  }
}

/** Loads a saved state into a QEMU that waits for it. On a failure its process has ended; the caller settles the rest. */
export async function loadState(core: MachineCore, { qmp, qemu, ended }: Launched, from: SavedPoint, signal: AbortSignal): Promise<void> {
  try {
    await loadDeviceState(qmp, { socket: core.runtime.stateSocket, withoutRam: from.ram.length > 0, signal: AbortSignal.any([signal, ended]) }, from.state)
  } catch (error) {
    await endKeeper(qemu)
    if (signal.aborted) throw error
    throw await launchFailure(core, error)
  }
}

/**
 * What a launch needs of this host, with the accelerator there is for it. Changes nothing, and may be asked while the machine
 * runs: what its own guest has is not taken. Throws `unsupported`, `invalid-input`, `in-use`, `host-unavailable`.
 */
export async function assertLaunchable(core: MachineCore, config: MachineConfig, hardware: Hardware | null, chosen?: 'kvm' | 'tcg'): Promise<Pick<LaunchPlan, 'host'> & { readonly accelerator: 'kvm' | 'tcg' }> {
  const host = await core.context.host.usable()
  validateConfig(config, { capabilities: host.capabilities, machineType: hardware?.machineType })
  assertMemoryFits(core, config)
  await assertPortsFree(core, config)
  return { host, accelerator: host.chooseAccelerator(chosen ?? config.accelerator) }
}

/** Everything before the process: what the guest will see, the files of a run, the command line. On a failure no trace is left. */
export async function planLaunch(core: MachineCore, from?: Pick<SavedPoint, 'newGeneration' | 'accelerator'>): Promise<LaunchPlan> {
  const { config } = core
  const { host, accelerator } = await assertLaunchable(core, config, core.stored.hardware, from?.accelerator)
  const hardware = await settleHardware(core, host, accelerator)

  // An engine that was killed before QEMU came may have left one.
  if (config.tpm) await endSwtpm(core.runtime.tpmPidFile)
  await rm(core.runtime.folder, { recursive: true, force: true })
  await makePrivateFolder(core.runtime.folder)
  await makePrivateFolder(core.names.logs)
  await rm(core.names.exitRecord, { force: true })
  await Promise.all([core.names.serialLog, core.names.qemuLog].map((path) => new CappedLog(path).beginBoot()))
  try {
    const paths = await gatherPaths(core, config, hardware, host)
    const args = buildArgv({ id: core.id, config, hardware, capabilities: host.capabilities, accelerator, paths, audioOutlet: host.sound.outlet, firmwareSearchPaths: host.installation.firmwareFolders, hostTscKHz: config.profile === 'micro' ? hostTscKHz() : undefined, incoming: from !== undefined, newGeneration: from?.newGeneration ?? false })
    await core.saveRun({
      format: 'mayfly-run',
      version: 1,
      bootId: hostBootId(),
      process: null,
      startedAt: new Date().toISOString(),
      startedAtBootSeconds: uptime(),
      accelerator,
      qemuVersion: host.capabilities.qemuVersion.text,
      ...(from === undefined ? {} : { fromState: true }),
      config,
    })
    return { host, config, args }
  } catch (error) {
    await forgetLaunch(core)
    throw error
  }
}

async function forgetLaunch(core: MachineCore): Promise<void> {
  const hadTpm = core.run?.config.tpm ?? core.config.tpm
  core.update({ run: null })
  if (hadTpm) await endSwtpm(core.runtime.tpmPidFile)
  await rm(core.names.run, { force: true })
  await rm(core.runtime.folder, { recursive: true, force: true })
}

async function settleHardware(core: MachineCore, host: UsableHost, accelerator: 'kvm' | 'tcg'): Promise<Hardware> {
  const previous = core.stored.hardware ?? undefined
  const hardware = planHardware({ config: core.config, capabilities: host.capabilities, accelerator, previous, random: randomIdentity })
  if (previous === undefined || JSON.stringify(previous) !== JSON.stringify(hardware)) {
    await writeDocument(core.names.hardware, hardwareDocument, hardware)
    core.update({ hardware })
  }
  return hardware
}

async function gatherPaths(core: MachineCore, config: MachineConfig, hardware: Hardware, host: UsableHost): Promise<MachinePaths> {
  const { runtime, names } = core
  const layers = await readLayers(names)
  const disks: Record<string, { layers: Awaited<ReturnType<typeof layerPaths>> }> = {}
  for (const disk of config.disks) disks[disk.id] = { layers: await layerPaths(names, disk.id, layers) }
  if (config.tpm) {
    await startSwtpm({ stateFolder: names.tpm, socket: runtime.tpmSocket, pidFile: runtime.tpmPidFile, logFile: names.tpmLog })
  }
  return {
    qmpSocket: runtime.qmpSocket,
    serialSocket: runtime.serialSocket,
    screenSocket: runtime.screenSocket,
    agentSocket: runtime.agentSocket,
    execSocket: runtime.execSocket,
    serialLog: names.serialLog,
    pidFile: runtime.pidFile,
    ram: inheritedRamPath,
    disks,
    cdroms: Object.fromEntries(config.cdroms.map((drive) => [drive.id, drive.image === null ? null : cdromPath(names, drive.id)])),
    firmware: config.firmware.kind === 'uefi' ? await firmwarePaths(names, config.firmware.secureBoot, hardware.machineType, host.installation) : null,
    directBoot: config.directBoot === undefined ? null : await directBootPaths(names, config),
    tpmSocket: config.tpm ? runtime.tpmSocket : null,
  }
}

async function spawnAndGreet(core: MachineCore, { host, args, config }: LaunchPlan, layers: readonly OpenRamLayer[], signal: AbortSignal): Promise<Launched> {
  // Without it QEMU would begin with empty memory, and say nothing.
  if (layers.length > 0 && !host.ramLibrary.accepted) throw new MayflyError('unsupported', `${core.name} cannot begin from saved RAM. ${host.ramLibrary.reason ?? ''}`.trimEnd(), { needs: 'the memory library', have: host.installation.binary }, { next: 'Use its disks only, or see mayfly doctor.' })
  const ramBytes = config.memoryMiB * 1024 * 1024
  const ramFd = loadNative().memfdCreate(`mayfly-${core.id}`, ramBytes)
  let ram: RamLaunch | null = null
  let qemu: LaunchedQemu
  try {
    ram = prepareRamLaunch({ socket: core.runtime.ramSocket, ramBytes, layers })
    qemu = await launchQemu({
      binary: host.installation.binary,
      args,
      env: host.installation.env,
      qemuEnv: ram.qemuEnv,
      ramFd,
      descriptors: ram.descriptors,
      logFile: core.names.qemuLog,
      exitFile: core.names.exitRecord,
      cwd: core.runtime.folder,
    })
  } finally {
    ram?.close()
    closeSync(ramFd)
  }
  const ended = new AbortController()
  void qemu.ended.then(() => ended.abort())
  try {
    const qmp = await connectMonitor(core.runtime, core.conversation, { signal: AbortSignal.any([signal, ended.signal]), timeoutMs: monitorWithinMs, waitForSocket: true })
    const pid = await readPidFile(core.runtime.pidFile)
    const process = pid === null ? null : identifyProcess(pid)
    if (process === null) throw new MayflyError('qmp-interrupted', 'QEMU ended right after it was started.', { command: 'qmp_capabilities' })
    return { qmp, process, qemu, ended: ended.signal }
  } catch (error) {
    await endKeeper(qemu)
    if (signal.aborted) throw error
    throw await launchFailure(core, error)
  }
}

/** The keeper passes SIGTERM on to QEMU; one that hangs in its own start is killed. */
async function endKeeper(qemu: LaunchedQemu): Promise<void> {
  const keeper = identifyProcess(qemu.keeperPid)
  if (keeper === null) return
  process.kill(keeper.pid, 'SIGTERM')
  const killer = setTimeout(() => {
    // The keeper leads QEMU's session and process group.
    try {
      process.kill(-keeper.pid, 'SIGKILL')
    } catch {
      // It ended meanwhile.
    }
  }, 3_000)
  await qemu.ended
  clearTimeout(killer)
}

async function launchFailure(core: MachineCore, cause: unknown): Promise<MayflyError> {
  const record = await readExitRecord(core.names.exitRecord)
  const stderrTail = (await readTextTail(core.names.qemuLog, 2048)).trim()
  // A wait that QEMU's end has cut short says nothing by itself.
  if (record === null && isMayflyError(cause) && cause.code !== 'cancelled') return cause
  const lastLine = stderrTail.split('\n').at(-1) ?? ''
  return new MayflyError(
    'qemu-launch-failed',
    `QEMU could not start ${core.name}.${lastLine === '' ? '' : ` It said: ${lastLine}`} Nothing of the machine was changed.`,
    { exitCode: record?.exitStatus ?? null, signal: record?.signal ?? null, stderrTail },
    { cause, next: 'See mayfly log NAME --qemu.' },
  )
}

/** RAM is given to a guest as it touches it; more than the host has would end with the host killing something. */
function assertMemoryFits(core: MachineCore, config: MachineConfig): void {
  const hostMiB = Math.floor(totalmem() / (1024 * 1024))
  if (config.memoryMiB <= hostMiB) return
  throw new MayflyError('host-unavailable', `${core.name} cannot start: it shall have ${config.memoryMiB} MiB of memory, and this host has ${hostMiB} MiB.`, { check: 'memory' }, { next: `Give it less: mayfly set ${core.commandWord} --memory ${Math.max(16, Math.floor(hostMiB / 2))}MiB` })
}

/** QEMU would refuse with a line about "hostfwd"; this names the machine, or says that it is somebody else. */
async function assertPortsFree(core: MachineCore, config: MachineConfig): Promise<void> {
  const own = (core.run?.config.nics ?? []).flatMap((nic) => nic.network.forwards)
  for (const { protocol, hostAddress, hostPort } of config.nics.flatMap((nic) => nic.network.forwards)) {
    if (own.some((forward) => forward.protocol === protocol && forward.hostAddress === hostAddress && forward.hostPort === hostPort)) continue
    if (await canBind(protocol, hostAddress, hostPort)) continue
    const owner = core.context.portOwner(protocol, hostPort, core.id)
    throw new MayflyError('in-use', `${core.name} cannot start: port ${hostPort} on ${hostAddress} is taken${owner === null ? ' by another program' : ` by ${owner}`}.`, { by: [owner ?? 'another program'] }, { next: 'Stop what uses it, or forward another port.' })
  }
}
