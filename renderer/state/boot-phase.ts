/**
 * How far a guest's boot is, read from what it wrote on its serial port. Only what was written is
 * believed: a guest that writes nothing is at no known phase, not at the first. Pure.
 */

/** In the order of a boot. `ready`: it asks who logs in, or says in its own words that it is up. */
export const bootPhases = ['firmware', 'loader', 'kernel', 'userspace', 'ready'] as const
export type BootPhase = (typeof bootPhases)[number]

/** What each phase is known by: SeaBIOS and EDK II; GRUB, syslinux, systemd-boot, iPXE; Linux and the BSDs; their init. */
const marks: Readonly<Record<BootPhase, RegExp>> = {
  firmware: /SeaBIOS|BdsDxe|UEFI Interactive Shell|UEFI v\d|TianoCore|EDK II|Booting from /,
  loader: /GRUB|SYSLINUX|ISOLINUX|PXELINUX|systemd-boot|iPXE|EFI stub:|Loading Linux|Loading initial ramdisk|FreeBSD\/\w+ bootstrap loader/,
  kernel: /^\[ *\d+\.\d{6}\]|Linux version \d|Decompressing Linux|Copyright \(c\) \d{4}-\d{4} The FreeBSD Project/m,
  userspace: /Run \S*init\S* as init process|systemd\[1\]: |^Welcome to (?!GRUB).+!|INIT: version|OpenRC \d|Started .+\.$|Starting cloud-init/m,
  ready: /^\S* ?login: *$|^MAYFLY READY \d/m,
}

/** A boot begins anew here: what stands before it was another one, in the same process. */
const beginning = /SeaBIOS \(version|BdsDxe: loading|^\[ *0\.000000\] Linux version|iPXE initialising/gm

/** The farthest phase of the last boot in `serial`, which is plain text; undefined where it tells none. */
export function bootPhase(serial: string): BootPhase | undefined {
  const last = [...serial.matchAll(beginning)].at(-1)?.index ?? 0
  const text = serial.slice(last)
  return bootPhases.findLast((phase) => marks[phase].test(text))
}

/** The last lines that say something, oldest first. */
export function lastLines(serial: string, atMost: number): readonly string[] {
  return serial.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '').slice(-atMost)
}

const started = /^(\S+Z) started: /
const answered = /^(\S+Z) agent-answers: /

/** Seconds from start to the agent's first answer of each boot the log of events tells, oldest first. */
export function bootSeconds(eventLog: string): readonly number[] {
  const seconds: number[] = []
  let from: number | undefined
  for (const line of eventLog.split('\n')) {
    const begun = started.exec(line)?.[1]
    const up = answered.exec(line)?.[1]
    if (begun !== undefined) from = Date.parse(begun)
    else if (up !== undefined && from !== undefined) {
      seconds.push((Date.parse(up) - from) / 1000)
      from = undefined
    }
  }
  return seconds.filter((took) => Number.isFinite(took) && took >= 0)
}

/** What is usual: the middle of the last few; undefined where nothing is known. */
export function usualSeconds(earlier: readonly number[]): number | undefined {
  const last = earlier.slice(-5).toSorted((a, b) => a - b)
  return last[Math.floor(last.length / 2)]
}
