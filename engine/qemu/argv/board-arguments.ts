/**
 * The board: machine type, accelerator, CPUs, memory size, clock, what happens when the guest ends,
 * and a directly started kernel.
 */
import type { CpuTopology, MachineConfig } from '../../../contract/machine.ts'
import { MayflyError } from '../../../contract/errors.ts'
import type { ArgvInput } from './argv-input.ts'
import { chassisOf } from './chassis.ts'
import { commaOptions } from './device-arguments.ts'
import { flashOptions } from './devices/firmware.ts'
import type { Hardware } from './hardware.ts'
import { ramId } from './qemu-ids.ts'

type BoardInput = Pick<ArgvInput, 'config' | 'hardware' | 'accelerator' | 'paths' | 'hostTscKHz'>

export function boardArguments(input: BoardInput): string[] {
  const { config, hardware, accelerator } = input
  return [
    '-accel',
    // One thread a CPU: QEMU would choose it by itself for this guest, and says so nowhere.
    accelerator === 'tcg' ? 'tcg,thread=multi' : 'kvm',
    '-machine',
    commaOptions(hardware.machineType, machineOptions(config)),
    ...secureFlash(config),
    '-cpu',
    hardware.cpu.model,
    '-smp',
    commaOptions('', cpuOptions(config, hardware.room)),
    // Room for more memory or CPUs later (`maxmem`, `maxcpus`) is not free: Linux guests then set
    // 64 MiB aside for bounce buffers and memory for every possible CPU. Only templates ask for it.
    '-m',
    commaOptions('', memoryOptions(config, hardware.room)),
    '-uuid',
    hardware.uuid,
    // Ticks the guest missed are given later instead of never (for guests that count them, as Windows does).
    '-rtc',
    'base=utc,driftfix=slew',
    '-action',
    commaOptions('', endOptions(config)),
    ...bootArguments(input),
  ]
}

/** The CPUs as sockets, cores and threads. Unless said otherwise one socket: desktop editions of Windows use no more than one or two. */
export function cpuTopology(config: Pick<MachineConfig, 'cpus' | 'topology'>): CpuTopology {
  return config.topology ?? { sockets: 1, cores: config.cpus, threads: 1 }
}

function cpuOptions(config: MachineConfig, room: Hardware['room']): Record<string, number> {
  const most = Math.max(config.cpus, room?.cpus ?? 0)
  const { sockets, cores, threads } = most === config.cpus ? cpuTopology(config) : topologyWithRoom(config, most)
  return { cpus: config.cpus, maxcpus: most, sockets, cores, threads }
}

/** Further CPUs are more cores of the one socket, or more sockets where its owner said how many cores each has. */
function topologyWithRoom({ topology }: MachineConfig, most: number): CpuTopology {
  if (topology === undefined) return { sockets: 1, cores: most, threads: 1 }
  const { cores, threads } = topology
  if (most % (cores * threads) === 0) return { sockets: most / (cores * threads), cores, threads }
  throw new MayflyError('unsupported', `A machine whose sockets have ${cores * threads} CPUs each cannot grow to ${most}.`, { needs: `a multiple of ${cores * threads}`, have: String(most) }, { next: 'Choose another ceiling.' })
}

/** One DIMM takes all that is plugged in at once; more slots are for further times. */
const dimmSlots = 4

function memoryOptions(config: MachineConfig, room: Hardware['room']): Record<string, string> {
  const size = { size: `${config.memoryMiB}M` }
  return room === undefined || room.memoryMiB <= config.memoryMiB ? size : { ...size, slots: String(dimmSlots), maxmem: `${room.memoryMiB}M` }
}

/**
 * Everything the board would decide by looking at the host or the accelerator is said here, so that
 * the guest finds the same board wherever it starts.
 */
function machineOptions(config: MachineConfig): Record<string, string> {
  const common = { 'memory-backend': ramId, 'dump-guest-core': 'off' }
  switch (chassisOf(config.profile)) {
    case 'q35':
      return { ...common, ...flashOptions(config.firmware), smm: config.firmware.secureBoot ? 'on' : 'off', vmport: 'off', usb: 'off' }
    case 'microvm':
      // A kernel needs the PIT to calibrate its clocks where no KVM clock is, and the RTC to know the date. There is no
      // PIC: told by ACPI that the hardware is reduced, Linux leaves it as the firmware did, and where a tick of the PIT
      // is due when interrupts go on, the PIC delivers it as a divide error (Linux 6.1; one start in four on QEMU 10.0).
      // With ACPI the firmware is SeaBIOS, which starts a kernel through an option ROM (without, QEMU 10.0 stands
      // still); ACPI names the devices, so the command line stays the owner's.
      return { ...common, acpi: 'on', pic: 'off', pit: 'on', rtc: 'on', ioapic2: 'on', 'isa-serial': 'on', 'auto-kernel-cmdline': 'off', pcie: 'off', usb: 'off' }
  }
}

/**
 * Only code in system management mode may write the flash, or the guest could enrol its own keys
 * (edk2, OvmfPkg/README, "SMM support").
 */
function secureFlash(config: MachineConfig): string[] {
  return config.firmware.secureBoot ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []
}

/** A guest that switches itself off ends QEMU with status 0; one that panics is paused as it is. */
function endOptions(config: MachineConfig): Record<string, string> {
  return { reboot: 'reset', shutdown: 'poweroff', panic: 'pause', ...(config.watchdog === undefined ? {} : { watchdog: config.watchdog.action }) }
}

function bootArguments(input: BoardInput): string[] {
  const { config, paths } = input
  const order = chassisOf(config.profile) === 'q35' ? ['-boot', 'menu=off,strict=on'] : []
  if (config.directBoot === undefined) return order
  if (paths.directBoot === null) throw new MayflyError('bug', 'The machine starts a kernel directly and its files were not given.', { reference: 'argv:direct-boot' })
  const { kernel, initrd } = paths.directBoot
  const commandLine = [...clockParameters(input), paths.directBoot.commandLine].filter((part) => part !== '').join(' ')
  return [...order, '-kernel', kernel, ...(initrd === null ? [] : ['-initrd', initrd]), ...(commandLine === '' ? [] : ['-append', commandLine])]
}

/**
 * Without KVM's clock, Linux on a microvm can measure its TSC against the PIT alone; on a busy host
 * that fails ("Unable to calibrate against PIT"), and for want of any other timer the kernel stands still. Under
 * TCG the guest's TSC is the host's, so the host's rate is told. Linux 6.1 on QEMU 7.2 and 10.0; q35 has
 * the PM timer and needs nothing (Documentation/admin-guide/kernel-parameters.txt, tsc_early_khz).
 */
function clockParameters({ config, accelerator, hostTscKHz }: BoardInput): string[] {
  const needed = chassisOf(config.profile) === 'microvm' && accelerator === 'tcg' && hostTscKHz !== undefined
  return needed ? [`tsc_early_khz=${hostTscKHz}`] : []
}
