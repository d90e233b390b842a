/**
 * How far a guest's boot is, read from what it writes on its serial port. Only what was written is
 * believed: a guest that writes nothing is at no known phase, not at the first. A phase never goes
 * back; whoever hears of a reset begins a new reader.
 */
import { type BootPhase, bootPhaseSchema, type SeenBoot } from '../../contract/machine.ts'

/** In the order of a boot. */
export const bootPhases = bootPhaseSchema.options

/** What each phase is known by: SeaBIOS and EDK II; GRUB, syslinux, systemd-boot, iPXE; Linux and the BSDs; their init. */
const marks: Readonly<Record<BootPhase, RegExp>> = {
  firmware: /SeaBIOS|BdsDxe|UEFI Interactive Shell|UEFI v\d|TianoCore|EDK II|Booting from /,
  loader: /GRUB|SYSLINUX|ISOLINUX|PXELINUX|systemd-boot|iPXE|EFI stub:|Loading Linux|Loading initial ramdisk|FreeBSD\/\w+ bootstrap loader/,
  kernel: /^\[ *\d+\.\d{6}\]|Linux version \d|Decompressing Linux|Copyright \(c\) \d{4}-\d{4} The FreeBSD Project/m,
  userspace: /Run \S*init\S* as init process|systemd\[1\]: |^Welcome to (?!GRUB).+!|INIT: version|OpenRC \d|Started .+\.$|Starting cloud-init/m,
  ready: /^(?!Last )\S* ?login: *$|^MAYFLY READY \d/m,
}

/** Colours, cursor movements and titles, as terminals are told them. */
const steering = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g
/** A line longer than this tells nothing in its end. */
const longestLine = 1024

export class BootPhaseReader {
  #phase: BootPhase | null = null
  /** The line that has not ended yet, as it came. */
  #line = ''

  /** The farthest phase that was told of; null where none was. */
  get phase(): BootPhase | null {
    return this.#phase
  }

  /** Takes what the guest wrote next. True: the phase is another one. Costs nothing once it is ready. */
  push(chunk: Buffer): boolean {
    if (this.#phase === 'ready') return false
    const written = this.#line + chunk.toString('latin1')
    const text = written.replaceAll(steering, '').replaceAll(/\r+\n?/g, '\n')
    const known = this.#phase === null ? -1 : bootPhases.indexOf(this.#phase)
    const found = bootPhases.findLast((phase, index) => index > known && marks[phase].test(text))
    this.#line = written.slice(written.lastIndexOf('\n') + 1).slice(-longestLine)
    if (found === undefined) return false
    this.#phase = found
    return true
  }
}

/** What is usual: the middle of the last few; null where nothing is known. Seconds. */
export function usualBootSeconds(boots: readonly SeenBoot[]): number | null {
  const last = boots.slice(-5).map(({ readySeconds }) => readySeconds).toSorted((a, b) => a - b)
  return last[Math.floor(last.length / 2)] ?? null
}
