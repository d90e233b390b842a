/**
 * One QEMU on this host, with everything needed to run it. A distribution's package needs
 * nothing; a QEMU unpacked into a folder needs its libraries, modules and firmware named,
 * which is decided once, here, and never where something is started.
 */
export interface QemuInstallation {
  /** Absolute path of the system emulator. */
  readonly binary: string
  /** Absolute path of the qemu-img that belongs to it; null where there is none. */
  readonly imgBinary: string | null
  /** Variables to add to the environment of each of its programs: `QEMU_MODULE_DIR`, `LD_LIBRARY_PATH`. */
  readonly env: Readonly<Record<string, string>>
  /** Where its modules lie; null where it has none. */
  readonly moduleFolder: string | null
  /** Folders with its firmware, to be searched before its own (`-L`). */
  readonly firmwareFolders: readonly string[]
}
