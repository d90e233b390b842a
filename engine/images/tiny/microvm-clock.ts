/**
 * QEMU's microvm machine has no clock that Linux could measure the processor's against, but
 * the PIT; under emulation, on a busy host, that measurement fails and the kernel waits for
 * ever (seen with Linux 6.1 on QEMU 7.2; with KVM the kernel is told by kvmclock). An emulated
 * processor's time stamp counter is the host's own, so its frequency can be told beforehand.
 */
import { readFile } from 'node:fs/promises'

/**
 * What a microvm's kernel command line needs under emulation, or nothing where the host does
 * not tell its frequency. Never to be used with KVM.
 */
export async function microvmClockArguments(): Promise<string> {
  const kilohertz = await baseFrequency()
  return kilohertz === null ? '' : `tsc_early_khz=${kilohertz}`
}

async function baseFrequency(): Promise<number | null> {
  const base = await readFile('/sys/devices/system/cpu/cpu0/cpufreq/base_frequency', 'utf8').catch(() => '')
  if (/^\d+\n$/.test(base)) return Number(base)
  const cpuinfo = await readFile('/proc/cpuinfo', 'utf8').catch(() => '')
  return frequencyFromCpuinfo(cpuinfo)
}

/** The nominal frequency where the model's name tells it, else the present one: in a virtual machine they are equal. */
export function frequencyFromCpuinfo(cpuinfo: string): number | null {
  const nominal = /^model name\s*:.*@ (\d+\.\d+)GHz/m.exec(cpuinfo)?.[1]
  if (nominal !== undefined) return Math.round(Number(nominal) * 1_000_000)
  const present = /^cpu MHz\s*:\s*(\d+(?:\.\d+)?)/m.exec(cpuinfo)?.[1]
  return present === undefined ? null : Math.round(Number(present) * 1000)
}
