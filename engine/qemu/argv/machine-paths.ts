/** Every file and socket a QEMU process is given, as absolute strings that the engine's storage has chosen. */

export interface DiskLayer {
  readonly path: string
  readonly format: 'qcow2' | 'raw'
}

export interface MachinePaths {
  /** Unix sockets QEMU listens on. */
  readonly qmpSocket: string
  readonly serialSocket: string
  readonly screenSocket: string
  readonly agentSocket: string
  readonly execSocket: string
  /** What the guest writes on its serial port is appended here, whoever is connected. */
  readonly serialLog: string
  /** QEMU writes its process id here and removes the file when it ends. */
  readonly pidFile: string
  /** The guest's memory: a file the engine made, such as an inherited memfd (`/proc/self/fd/3`). */
  readonly ram: string
  /**
   * By disk: its layers, base first, the last one active. The chain is spelled out, so that an
   * image's header can never make QEMU open another file.
   */
  readonly disks: Readonly<Record<string, { readonly layers: readonly DiskLayer[] }>>
  /** By CD drive: the raw image in it, or null for an empty drive. */
  readonly cdroms: Readonly<Record<string, string | null>>
  /** Needed where the firmware is UEFI. The NVRAM is always qcow2. */
  readonly firmware: { readonly code: string; readonly codeFormat: 'raw' | 'qcow2'; readonly nvram: string } | null
  /** Needed where a kernel is started directly. */
  readonly directBoot: { readonly kernel: string; readonly initrd: string | null; readonly commandLine: string } | null
  /** Needed where there is a TPM: the control socket swtpm listens on. */
  readonly tpmSocket: string | null
}
