/** The host, the doctor's findings and the engine, for people. */
import type { DoctorReport, EngineInfo, HostInfo } from '../../../contract/host.ts'
import type { Settings } from '../../../contract/settings.ts'
import { bytesShown, memoryShown, timeShown } from '../quantities.ts'
import { safeLine } from '../safe-text.ts'
import { type Colour, paint, type Style } from '../style.ts'
import { facts } from '../table.ts'

export function hostInfo(host: HostInfo, style: Style): string {
  const { qemu } = host
  return facts(
    [
      ['mayfly', host.mayflyVersion],
      ['system', `${host.os}, Linux ${host.kernel}`],
      ['cpu', `${host.cpus} x ${host.cpuModel}${host.cpusPromised > 0 ? `, ${host.cpusPromised} promised to machines` : ''}`],
      ['memory', `${bytesShown(host.memoryBytes)}, ${bytesShown(host.memoryAvailableBytes)} available${host.memoryPromisedBytes > 0 ? `, ${bytesShown(host.memoryPromisedBytes)} promised to machines` : ''}`],
      ['disk', `${bytesShown(host.folders.dataFreeBytes)} free of ${bytesShown(host.folders.dataTotalBytes)} in ${host.folders.data}`],
      ['qemu', qemu === null ? { text: 'not found; see mayfly doctor', colour: 'red' } : `${qemu.version}, ${qemu.binary}\nnew machines get ${qemu.defaultMachineType}; ${qemu.machineTypes.length} machine types, ${qemu.cpuModels.length} CPU models`],
      ...host.accelerators.map(({ name, usable, loopsPerSecond, reason, remedy }) => {
        const chosen = name === host.accelerator ? ' (chosen)' : ''
        const speed = loopsPerSecond === null ? '' : `, ${(loopsPerSecond / 1e6).toPrecision(3)} million loops a second`
        return [name, { text: `${usable ? `usable${chosen}${speed}` : 'not usable'}\n${reason}${remedy === null ? '' : `\n${remedy}`}`, colour: usable ? undefined : ('yellow' as const) }] as const
      }),
      ['firmware', `BIOS${host.firmware.uefi ? ', UEFI' : ''}${host.firmware.secureBoot ? ', Secure Boot' : ''}${host.tpm ? ', TPM' : ''}`],
      ['sound', { text: `${host.sound.reason}${host.sound.remedy === null ? '' : `\n${host.sound.remedy}`}`, colour: host.sound.audible ? undefined : ('yellow' as const) }],
      ['limits', `${host.limits.maxCpus} CPUs and ${memoryShown(host.limits.maxMemoryMiB)} a machine`],
      ['runtime', host.folders.runtime],
      ['cache', host.folders.cache],
      ['config', host.folders.config],
    ],
    style,
  )
}

export function settingsShown(settings: Settings, style: Style): string {
  const decided = 'as fits the image and this host'
  return facts(
    [
      ['qemu', settings.qemuBinary ?? 'the first that is found'],
      ['profile', settings.defaultProfile ?? decided],
      ['cpus', settings.defaultCpus === null ? decided : String(settings.defaultCpus)],
      ['memory', settings.defaultMemoryMiB === null ? decided : memoryShown(settings.defaultMemoryMiB)],
      ['shutting down', `${settings.stopTimeoutSeconds} s, then ${settings.onStopTimeout === 'ask' ? 'say that it did not' : 'switch off'}`],
      ['closing the window', settings.onWindowClose === 'keep-running' ? 'goes on without it while machines run or work is under way' : 'quits'],
      ['quitting', { ask: 'asks what to do with machines that run', 'leave-running': 'leaves machines running', save: 'saves machines with their memory and switches them off', 'shut-down': 'shuts machines down' }[settings.onQuit]],
      ['serve', settings.servePort === null ? 'on port 8006, or any that is free' : `on port ${settings.servePort}`],
    ],
    style,
  )
}

const marks: Readonly<Record<DoctorReport['worst'], readonly [shape: string, colour: Colour]>> = {
  ok: ['✔', 'green'],
  warning: ['▲', 'yellow'],
  problem: ['✖', 'red'],
  unknown: ['?', 'yellow'],
}

export function doctorReport({ results, worst }: DoctorReport, style: Style): string {
  const blocks = results.map(({ title, status, found, concerns, remedies }) => {
    const [shape, colour] = marks[status]
    const lines = [`${paint(style, colour, `${shape} ${status.padEnd(7)}`)}  ${safeLine(title)}: ${safeLine(found)}`]
    if (status !== 'ok' && concerns !== '') lines.push(`             ${safeLine(concerns)}`)
    if (status !== 'ok') {
      for (const remedy of remedies) {
        lines.push(`             ${paint(style, 'bold', '->')} ${safeLine(remedy.text)}`)
        if (remedy.command !== null) lines.push(`                ${remedy.needsRoot ? '(as root) ' : ''}${safeLine(remedy.command)}`)
      }
    }
    return lines.join('\n')
  })
  const count = results.filter(({ status }) => status !== 'ok').length
  return `${[...blocks, '', worst === 'ok' ? 'Nothing is in the way.' : `${count} of ${results.length} checks found something.`].join('\n')}\n`
}

export function engineInfo(engine: EngineInfo, style: Style): string {
  return facts(
    [
      ['version', engine.version],
      ['held by', `${engine.holder}, process ${engine.pid}`],
      ['since', timeShown(engine.startedAt)],
      ['memory', bytesShown(engine.residentBytes)],
      ['busy with', engine.obligations.length === 0 ? 'nothing: it ends ten minutes after the last call' : engine.obligations.join('\n')],
    ],
    style,
  )
}
