/** What people are told about a machine's own settings, in the order of the configuration. */
import type { Firmware, Watchdog } from '../../contract/device.ts'
import type { CpuTopology, MachineConfig } from '../../contract/machine.ts'
import { sayCount, sayMiB, saySwitch, sayText, type Setting, setting } from './setting.ts'

const longestNote = 60

function sayNotes(notes: string): string {
  if (notes === '') return 'none'
  const characters = Array.from(notes.replaceAll(/\s+/g, ' '))
  return characters.length > longestNote ? `${characters.slice(0, longestNote).join('')}…` : characters.join('')
}

function sayFirmware({ kind, secureBoot }: Firmware): string {
  return `${kind === 'uefi' ? 'UEFI' : 'BIOS'}${secureBoot ? ' with Secure Boot' : ''}`
}

function sayTopology(topology: CpuTopology | undefined): string {
  if (topology === undefined) return 'one socket'
  return [sayCount(topology.sockets, 'socket'), sayCount(topology.cores, 'core'), sayCount(topology.threads, 'thread')].join(' × ')
}

function sayUsb({ controller, tablet }: MachineConfig['usb']): string {
  if (!controller) return 'none'
  return tablet ? 'controller and tablet' : 'controller'
}

function sayDirectBoot(boot: MachineConfig['directBoot']): string {
  if (boot === undefined) return 'none'
  return `kernel of image ${boot.image}${boot.extraCommandLine === '' ? '' : ` with ${boot.extraCommandLine}`}`
}

const sayWatchdog = (watchdog: Watchdog | undefined): string => (watchdog === undefined ? 'none' : `${watchdog.model}, ${watchdog.action}`)
const sayStop = ({ timeoutSeconds, onTimeout }: MachineConfig['stop']): string => `after ${sayCount(timeoutSeconds, 'second')} ${onTimeout}`

type MachineSetting = Setting<MachineConfig>

export const settingsBeforeDevices: readonly MachineSetting[] = [
  setting('name', 'now', (config) => config.name, sayText),
  setting('notes', 'now', (config) => config.notes, sayNotes),
  setting('tags', 'now', (config) => config.tags, (tags) => (tags.length === 0 ? 'none' : tags.join(', '))),
  setting('profile', 'next-start', (config) => config.profile, sayText),
  setting('accelerator', 'next-start', (config) => config.accelerator, sayText),
  setting('cpuModel', 'next-start', (config) => config.cpuModel, sayText),
  setting('cpus', 'next-start', (config) => config.cpus, (cpus) => sayCount(cpus, 'CPU')),
  setting('topology', 'next-start', (config) => config.topology, sayTopology),
  setting('memoryMiB', 'next-start', (config) => config.memoryMiB, sayMiB),
  setting('firmware', 'next-start', (config) => config.firmware, sayFirmware),
  setting('directBoot', 'next-start', (config) => config.directBoot, sayDirectBoot),
]

export const settingsAfterDevices: readonly MachineSetting[] = [
  setting('display', 'next-start', (config) => config.display.model, sayText),
  setting('sound', 'next-start', (config) => config.sound, (sound) => (sound === 'on' ? 'on' : 'off')),
  setting('clipboard', 'now', (config) => config.clipboard, saySwitch),
  setting('usb', 'next-start', (config) => config.usb, sayUsb),
  setting('rng', 'next-start', (config) => config.rng, saySwitch),
  setting('balloon', 'next-start', (config) => config.balloon, saySwitch),
  setting('watchdog', 'next-start', (config) => config.watchdog, sayWatchdog),
  setting('vmgenid', 'next-start', (config) => config.vmgenid, saySwitch),
  setting('tpm', 'next-start', (config) => config.tpm, saySwitch),
  setting('stop', 'now', (config) => config.stop, sayStop),
]
