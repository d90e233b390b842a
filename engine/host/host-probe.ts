/**
 * What this host can do, found out when it is first asked for and kept while the QEMU binary
 * stays the same. Starting the engine waits for none of it.
 */
import { readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import type { DoctorReport, HostInfo } from '../../contract/host.ts'
import { runDiagnostics } from '../diagnostics/run-diagnostics.ts'
import type { Capabilities } from '../qemu/argv/capabilities.ts'
import { type AcceleratorReport, fasterAccelerator, measureAccelerators } from '../qemu/capabilities/accelerators.ts'
import { type CpuFeatures, type CpuQuestion, loadCpuFeatures } from '../qemu/capabilities/cpu-features.ts'
import { findQemu } from '../qemu/capabilities/find-qemu.ts'
import { loadCapabilities } from '../qemu/capabilities/load-capabilities.ts'
import type { QemuInstallation } from '../qemu/capabilities/qemu-installation.ts'
import { findUefiFirmware } from '../qemu/firmware/find-firmware.ts'
import { probeRamLibrary, type RamLibraryReport } from '../qemu/process/probe-ram-library.ts'
import { hasSwtpm } from '../qemu/process/swtpm.ts'
import { availableMemoryBytes } from './available-memory.ts'
import { findHostSound, type HostSound } from './host-sound.ts'
import type { SettingsStore } from '../settings/settings-store.ts'
import type { Folders } from '../storage/folders.ts'
import { mayflyVersion } from '../version.ts'

export interface UsableHost {
  readonly installation: QemuInstallation
  readonly capabilities: Capabilities
  /** The accelerator for a machine. Throws `host-unavailable` where the wanted one cannot run a guest. */
  chooseAccelerator(wanted: 'auto' | 'kvm' | 'tcg'): 'kvm' | 'tcg'
  /** Where guests' sound goes. */
  readonly sound: HostSound
  /** Whether this QEMU takes the RAM library. Without it, RAM goes through a full stream. */
  readonly ramLibrary: RamLibraryReport
}

/** What running machines have been promised. */
export interface Promised {
  readonly memoryMiB: number
  readonly cpus: number
}

export class HostProbe {
  readonly #folders: Folders
  readonly #settings: SettingsStore
  #installation: Promise<QemuInstallation> | null = null

  constructor(folders: Folders, settings: SettingsStore) {
    this.#folders = folders
    this.#settings = settings
  }

  /** The QEMU to use. Throws `host-unavailable` where there is none; asked again next time. */
  installation(): Promise<QemuInstallation> {
    this.#installation ??= this.#settings.readOrDefaults().then(({ qemuBinary }) => findQemu(process.env['MAYFLY_QEMU'] === undefined && qemuBinary !== null ? { chosen: qemuBinary } : {}))
    this.#installation.catch(() => {
      this.#installation = null
    })
    return this.#installation
  }

  /** Asks a QEMU what it can do before it is chosen. Throws `host-unavailable`, `unsupported` or `qemu-launch-failed` where it is of no use. */
  async tryQemu(binary: string): Promise<void> {
    await loadCapabilities(await findQemu({ chosen: binary }), this.#folders.cache)
  }

  /** Another QEMU was chosen: the next question looks for it. Machines that run keep theirs. */
  forgetInstallation(): void {
    this.#installation = null
  }

  /** What that QEMU can do; kept by the loader for as long as the binary is the same. */
  async capabilities(): Promise<Capabilities> {
    return loadCapabilities(await this.installation(), this.#folders.cache)
  }

  /** As `capabilities`, but null where QEMU is missing: for what can be done without it. */
  async capabilitiesOrNull(): Promise<Capabilities | null> {
    try {
      return await this.capabilities()
    } catch (error) {
      if (isMayflyError(error, 'host-unavailable')) return null
      throw error
    }
  }

  /** Measures which accelerators can run a guest, and how fast. Cached on disk for this boot of the host. */
  async accelerators(remeasure = false): Promise<readonly AcceleratorReport[]> {
    const installation = await this.installation()
    return measureAccelerators(installation, await this.capabilities(), { cacheFolder: this.#folders.cache, remeasure })
  }

  /** What the CPU of a guest started now would have; kept on disk. Throws as `loadCpuFeatures`. */
  async cpuFeatures(question: CpuQuestion): Promise<CpuFeatures> {
    return loadCpuFeatures(await this.installation(), question, this.#folders.cache)
  }

  /** Everything a start needs to know. */
  async usable(): Promise<UsableHost> {
    const installation = await this.installation()
    const [capabilities, accelerators] = await Promise.all([this.capabilities(), this.accelerators()])
    const [sound, ramLibrary] = await Promise.all([findHostSound(capabilities), probeRamLibrary(installation)])
    return {
      installation,
      capabilities,
      sound,
      ramLibrary,
      chooseAccelerator(wanted) {
        if (wanted === 'auto') {
          const faster = fasterAccelerator(accelerators)
          if (faster !== null) return faster
          throw new MayflyError('host-unavailable', 'No accelerator of this host can run a guest.', { check: 'accelerator' }, { next: 'See mayfly doctor.' })
        }
        const report = accelerators.find((candidate) => candidate.name === wanted)
        if (report?.usable === true) return wanted
        throw new MayflyError('host-unavailable', `The machine wants ${wanted}, which cannot run a guest here: ${report?.reason ?? 'QEMU does not have it'}`, { check: 'accelerator' }, { next: report?.remedy ?? 'Set its accelerator to auto.' })
      },
    }
  }

  /** The host's size. */
  size(): { cpus: number; memoryMiB: number } {
    return { cpus: availableParallelism(), memoryMiB: Math.floor(totalmem() / (1024 * 1024)) }
  }

  async info(promised: Promised, remeasure: boolean): Promise<HostInfo> {
    const found = await this.#qemuOrNull()
    const accelerators = found === null ? [] : await this.accelerators(remeasure)
    const { audible, backend, reason, remedy } = await findHostSound(found?.capabilities ?? null)
    const disk = statfsSync(this.#folders.data)
    const { cpus: threads, memoryMiB } = this.size()
    const type = found === null ? null : newestQ35(found.capabilities)
    const [uefi, secureBoot] = type === null ? [null, null] : await Promise.all([findUefiFirmware({ secureBoot: false, machineType: type.name }), findUefiFirmware({ secureBoot: true, machineType: type.name })])
    return {
      mayflyVersion,
      os: readOsName(),
      kernel: release(),
      cpuModel: cpus()[0]?.model ?? 'unknown',
      cpus: threads,
      memoryBytes: totalmem(),
      memoryAvailableBytes: availableMemoryBytes(),
      memoryPromisedBytes: promised.memoryMiB * 1024 * 1024,
      cpusPromised: promised.cpus,
      qemu:
        found === null
          ? null
          : {
              binary: found.installation.binary,
              version: found.capabilities.qemuVersion.text,
              defaultMachineType: type?.name ?? '',
              machineTypes: found.capabilities.machineTypes.map((candidate) => candidate.name),
              cpuModels: [...found.capabilities.cpuModels],
            },
      accelerators: accelerators.map(({ name, usable, loopsPerSecond, reason, remedy }) => ({ name, usable, loopsPerSecond, reason, remedy })),
      accelerator: fasterAccelerator(accelerators),
      firmware: { uefi: uefi !== null, secureBoot: secureBoot !== null },
      tpm: hasSwtpm(),
      sound: { audible, backend, reason, remedy },
      folders: {
        data: this.#folders.data,
        runtime: this.#folders.runtime,
        cache: this.#folders.cache,
        config: this.#folders.config,
        dataFreeBytes: disk.bavail * disk.bsize,
        dataTotalBytes: disk.blocks * disk.bsize,
      },
      limits: { maxCpus: Math.min(type?.cpuMax ?? 288, 288), maxMemoryMiB: memoryMiB },
    }
  }

  async doctor(): Promise<DoctorReport> {
    let qemuFailure: MayflyError | undefined
    const found = await this.#qemuOrNull((failure) => {
      qemuFailure = failure
    })
    const accelerators = found === null ? [] : await this.accelerators()
    const results = await runDiagnostics({ folders: this.#folders, installation: found?.installation ?? null, capabilities: found?.capabilities ?? null, accelerators, ...(qemuFailure === undefined ? {} : { qemuFailure }) })
    return { results, worst: results[0]?.status ?? 'ok' }
  }

  async #qemuOrNull(onFailure: (failure: MayflyError) => void = () => undefined): Promise<{ installation: QemuInstallation; capabilities: Capabilities } | null> {
    try {
      return { installation: await this.installation(), capabilities: await this.capabilities() }
    } catch (error) {
      // Missing, too old, or no QEMU at all: the doctor, who is asked because of it, says which.
      if (!isMayflyError(error)) throw error
      onFailure(error)
      return null
    }
  }
}

function newestQ35(capabilities: Capabilities): Capabilities['machineTypes'][number] | null {
  return capabilities.machineTypes.find((type) => type.alias === 'q35') ?? null
}

function readOsName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux'
  } catch {
    return 'Linux'
  }
}
