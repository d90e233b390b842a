/**
 * What one QEMU binary can do, as it said itself over QMP. The argv builder decides by
 * these lists alone and never by version strings, so the same input gives the same argv on
 * every host. Plain JSON: it is cached on disk and captured for the goldens. Lists of names
 * are sorted and hold no duplicates unless said otherwise.
 */

/** The version QEMU reports (`query-version`). For display and for stamps, not for decisions. */
export interface QemuVersion {
  readonly major: number
  readonly minor: number
  readonly micro: number
  /** As people write it, with the distribution's suffix: `7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)`. */
  readonly text: string
}

/** One entry of `query-machines`, sorted by name in {@link Capabilities}. */
export interface MachineType {
  /** The name that pins the guest's hardware: `pc-q35-7.2`. */
  readonly name: string
  /** A name that moves with upgrades: `q35` for the newest `pc-q35-…`. Never written to a machine's folder. */
  readonly alias?: string
  readonly cpuMax: number
  readonly default: boolean
  readonly deprecated: boolean
}

export type AcceleratorName = 'kvm' | 'tcg'

/**
 * What is compiled in, and for devices also what QEMU could load from its modules when it was
 * probed. A back end that lives in a module which is not installed may be listed.
 */
export interface Capabilities {
  readonly qemuVersion: QemuVersion
  readonly machineTypes: readonly MachineType[]
  /** Every device type, also the few that only a board can create. */
  readonly devices: readonly string[]
  /** Properties of the devices Mayfly uses and this QEMU has. A device that is absent here is absent from QEMU. */
  readonly deviceProperties: Readonly<Record<string, readonly string[]>>
  /** Types `-object` accepts (QAPI `ObjectType`). */
  readonly objects: readonly string[]
  /** Properties of the objects Mayfly uses, by type: `memory-backend-file`, `memory-backend-memfd`, `rng-random`, ... */
  readonly objectProperties: Readonly<Record<string, readonly string[]>>
  readonly cpuModels: readonly string[]
  readonly blockdevDrivers: readonly string[]
  /** `user` is listed only if it could be created: some distributions build without it. */
  readonly netdevTypes: readonly string[]
  readonly chardevBackends: readonly string[]
  readonly displayTypes: readonly string[]
  /** TPM front ends (`tpm-tis`, `tpm-crb`) and back ends (`emulator`, `passthrough`). */
  readonly tpmModels: readonly string[]
  readonly tpmBackends: readonly string[]
  readonly commands: readonly string[]
  readonly migrationCapabilities: readonly string[]
  /** Accelerators compiled in. Whether one works on this host is measured elsewhere. */
  readonly accelerators: readonly AcceleratorName[]
  /** Those whose modules are installed. */
  readonly audioDrivers: readonly string[]
  readonly sandbox: boolean
  readonly vnc: boolean
}
