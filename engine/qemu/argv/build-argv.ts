/**
 * Machine and capabilities in, argv out: the one place where a machine becomes a QEMU command
 * line. Pure, so the goldens beside it say exactly what every kind of machine is started with.
 */
import type { ArgvInput } from './argv-input.ts'
import { boardArguments } from './board-arguments.ts'
import { chassisOf } from './chassis.ts'
import { commaOptions, type DeviceArguments, escapeCommas, listeningChardev, renderDeviceArguments } from './device-arguments.ts'
import { balloonArguments } from './devices/balloon.ts'
import { cdromArguments } from './devices/cdrom.ts'
import { clipboardArguments } from './devices/clipboard.ts'
import { needsScsiController, rootPortArguments, scsiControllerArguments, usbArguments } from './devices/controllers.ts'
import { diskArguments } from './devices/disk.ts'
import { displayArguments } from './devices/display.ts'
import { firmwareArguments } from './devices/firmware.ts'
import { guestPortArguments, serialArguments } from './devices/guest-streams.ts'
import { memoryArguments } from './devices/memory.ts'
import { nicArguments } from './devices/nic.ts'
import { panicArguments } from './devices/panic.ts'
import { rngArguments } from './devices/rng.ts'
import { soundArguments } from './devices/sound.ts'
import { tpmArguments } from './devices/tpm.ts'
import { vmgenidArguments } from './devices/vmgenid.ts'
import { watchdogArguments } from './devices/watchdog.ts'
import type { DiskLayer, MachinePaths } from './machine-paths.ts'
import { monitorId, onlyOne, streamId } from './qemu-ids.ts'
import { requireSupport } from './require-support.ts'

/**
 * The arguments after the binary's name. The process starts with its CPUs stopped (`-S`).
 * Errors: `unsupported` where this QEMU lacks something the machine needs, `bug` where a path is missing.
 */
export function buildArgv(input: ArgvInput): string[] {
  const parts = deviceParts(input)
  requireSupport(parts, input.hardware.machineType, input.capabilities)
  return [...processArguments(input), ...boardArguments(input), ...renderDeviceArguments(parts), ...faceArguments(input)]
}

/** In the order of the buses: whoever carries stands before who is carried. */
function deviceParts({ config, hardware, paths, newGeneration, audioOutlet }: ArgvInput): DeviceArguments[] {
  const chassis = chassisOf(config.profile)
  return [
    memoryArguments(config.memoryMiB, paths.ram),
    firmwareArguments(config.firmware, paths.firmware),
    rootPortArguments(hardware),
    displayArguments(config.display, hardware),
    needsScsiController(config) ? scsiControllerArguments(hardware) : {},
    ...config.disks.map((disk) => diskArguments(disk, layersOf(paths, disk.id), hardware, chassis)),
    ...config.cdroms.map((cdrom) => cdromArguments(cdrom, paths.cdroms[cdrom.id] ?? null, hardware)),
    ...config.nics.map((nic) => nicArguments(nic, hardware, chassis)),
    serialArguments(paths, chassis),
    guestPortArguments(paths, hardware, chassis),
    clipboardArguments(config.clipboard),
    soundArguments(config.sound, audioOutlet ?? { driver: 'none' }, hardware),
    usbArguments(config.usb, hardware),
    config.rng ? rngArguments(hardware, chassis) : {},
    config.balloon ? balloonArguments(hardware, chassis) : {},
    config.watchdog === undefined ? {} : watchdogArguments(config.watchdog, hardware),
    panicArguments(hardware),
    config.vmgenid ? vmgenidArguments(hardware, newGeneration ?? false) : {},
    config.tpm ? tpmArguments(paths.tpmSocket) : {},
  ]
}

function layersOf(paths: MachinePaths, disk: string): readonly DiskLayer[] {
  return paths.disks[disk]?.layers ?? []
}

/**
 * What concerns the process. The sandbox (seccomp) takes away what a broken-out guest would want
 * most: new programs, new privileges, other scheduling. With it QEMU itself cannot start helpers, so nothing here may need one.
 */
function processArguments({ id, capabilities, firmwareSearchPaths, paths, incoming }: ArgvInput): string[] {
  return [
    '-S',
    '-no-user-config',
    '-nodefaults',
    '-name',
    commaOptions('', { guest: id, 'debug-threads': 'on' }),
    ...(capabilities.sandbox ? ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'] : []),
    ...firmwareSearchPaths.flatMap((folder) => ['-L', folder]),
    '-pidfile',
    paths.pidFile,
    '-chardev',
    listeningChardev(monitorId, paths.qmpSocket),
    '-mon',
    commaOptions('', { chardev: monitorId, mode: 'control' }),
    ...(incoming === true ? ['-incoming', 'defer'] : []),
  ]
}

/**
 * Whoever connects shares the screen; a viewer cannot switch the machine off, for that is the
 * engine's to allow (`power-control` stays off).
 */
function faceArguments({ config, paths }: ArgvInput): string[] {
  return [
    // A microvm makes its own serial port and takes the first `-serial`.
    ...(chassisOf(config.profile) === 'microvm' ? ['-serial', `chardev:${streamId(onlyOne.serial)}`] : []),
    '-display',
    'none',
    ...(config.display.model === 'none' ? [] : ['-vnc', `unix:${escapeCommas(paths.screenSocket)},share=force-shared`]),
  ]
}
