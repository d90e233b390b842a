/** Machines for people: the list, one line after an action, and everything about one. */
import type { MachineState } from '../../../contract/machine-state.ts'
import type { BoundForward, MachineDetails, MachineSummary } from '../../../contract/machine.ts'
import { bytesShown, durationShown, memoryShown, timeShown } from '../quantities.ts'
import { safeLine, safeText } from '../safe-text.ts'
import { type Colour, paint, type Style } from '../style.ts'
import { type Cell, facts, table } from '../table.ts'

/** Told by shape as well as by colour. */
const looks: Readonly<Record<MachineState, readonly [shape: string, colour: Colour | undefined]>> = {
  running: ['●', 'green'],
  paused: ['◐', 'yellow'],
  starting: ['◌', 'blue'],
  saving: ['◌', 'blue'],
  restoring: ['◌', 'blue'],
  stopping: ['◌', 'blue'],
  stopped: ['○', 'dim'],
  crashed: ['✖', 'red'],
  broken: ['✖', 'red'],
  unknown: ['?', 'yellow'],
}

type Stateful = Pick<MachineSummary, 'state' | 'pausedBy' | 'role'>

function stateCell({ state, pausedBy, role }: Stateful): Cell {
  // It is off as long as it lives, which says nothing.
  if (role === 'template' && state === 'stopped') return { text: '◇ template', colour: 'dim' }
  const [shape, colour] = looks[state]
  return { text: `${shape} ${state}${pausedBy === null || pausedBy === 'user' ? '' : ` (${pausedBy})`}`, colour }
}

function forwardShown({ protocol, hostAddress, hostPort, guestPort }: BoundForward): string {
  return `${hostAddress}:${hostPort} -> ${guestPort}${protocol === 'udp' ? '/udp' : ''}`
}

export function machineList(machines: readonly MachineSummary[], style: Style): string {
  if (machines.length === 0) return 'No machines. Make one: mayfly create NAME --image IMAGE --start\n'
  return table(
    [
      { title: 'NAME', cutTo: 12 }, { title: 'STATE' }, { title: 'CPUS', align: 'right' }, { title: 'MEMORY', align: 'right' },
      { title: 'UPTIME', align: 'right' }, { title: 'TAGS', cutTo: 6 }, { title: 'FORWARDS', cutTo: 10 }, { title: 'ID' },
    ],
    machines.map((machine) => [
      machine.name,
      stateCell(machine),
      machine.state === 'broken' ? '' : String(machine.cpus),
      machine.state === 'broken' ? '' : memoryShown(machine.memoryMiB),
      machine.uptimeSeconds === null ? '' : durationShown(machine.uptimeSeconds),
      machine.tags.join(' '),
      machine.pid === null ? '' : machine.forwards.map(forwardShown).join(', '),
      machine.id,
    ]),
    style,
  )
}

/** What became of a machine, in one line. */
export function machineLine(machine: MachineSummary, style: Style, first: readonly string[] = []): string {
  const [shape, colour] = looks[machine.state]
  const more = [
    ...first,
    ...(machine.stateReason === null ? [] : [machine.stateReason]),
    ...(machine.pid === null ? [] : machine.forwards.map(forwardShown)),
    ...(machine.pendingChanges === 0 ? [] : [changesWaiting(machine.pendingChanges)]),
  ]
  const tail = more.length === 0 ? '' : paint(style, 'dim', `  ${safeLine(more.join('; '))}`)
  return `${paint(style, colour, shape)} ${safeLine(machine.name)} is ${machine.state}${tail}\n`
}

function changesWaiting(count: number): string {
  return `${count} ${count === 1 ? 'change waits' : 'changes wait'} for the next start`
}

export function machineDetails(machine: MachineDetails, style: Style): string {
  const { config, hardware, lastExit } = machine
  const lines = [
    facts(
      [
        ['name', machine.name],
        ['id', machine.id],
        ['state', stateCell(machine)],
        ['reason', machine.stateReason ?? undefined],
        ['uptime', machine.uptimeSeconds === null ? undefined : durationShown(machine.uptimeSeconds)],
        ['process', machine.process === null ? undefined : `${machine.pid ?? 'unknown'}, ${machine.process.accelerator}, QEMU ${machine.process.qemuVersion}${machine.process.residentBytes === null ? '' : `, ${bytesShown(machine.process.residentBytes)} resident`}`],
        ['cpus', config === null ? undefined : `${config.cpus}${config.topology === undefined ? '' : ` (${config.topology.sockets} x ${config.topology.cores} x ${config.topology.threads})`}`],
        ['memory', config === null ? undefined : memoryShown(config.memoryMiB)],
        ['profile', machine.profile ?? undefined],
        ['hardware', hardware === null ? undefined : `${hardware.machineType}, ${hardware.cpuModel}`],
        ['firmware', config === null ? undefined : `${config.firmware.kind}${config.firmware.secureBoot ? ', Secure Boot' : ''}${config.tpm ? ', TPM' : ''}`],
        ['boots', config?.directBoot === undefined ? undefined : `the kernel of image ${config.directBoot.image}`],
        ['display', config?.display.model],
        ['sound', config?.sound === 'on' ? 'on; whether it is heard, mayfly host tells' : config?.sound],
        ['clipboard', config?.clipboard === true ? 'shared with who watches the screen' : undefined],
        ['agent', machine.agent],
        ['boot', [...(machine.bootPhase === null || machine.bootPhase === 'ready' ? [] : [machine.bootPhase]), ...(machine.restartsInMinute > 1 ? [`restarted ${machine.restartsInMinute} times in a minute`] : []), ...(machine.usualBootSeconds === null ? [] : [`usually ready after ${durationShown(machine.usualBootSeconds)}`])].join(', ')],
        ['forked from', machine.origin === null ? undefined : `${machine.origin.machineName}${machine.origin.checkpointLabel === null ? '' : `, ${machine.origin.checkpointLabel}`}`],
        ['lives', machine.throwaway || machine.expiresAt !== null ? [...(machine.throwaway ? ['until it stops'] : []), ...(machine.expiresAt === null ? [] : [`until ${timeShown(machine.expiresAt)}`])].join(', ') : undefined],
        ['tags', machine.tags.join(' ')],
        ['notes', config?.notes],
        ['folder', machine.folder],
        ['created', machine.createdAt === null ? undefined : timeShown(machine.createdAt)],
      ],
      style,
    ),
    devices(machine, style),
  ]
  if (machine.pending.length > 0) {
    lines.push(`\n${paint(style, 'yellow', `${changesWaiting(machine.pending.length)}:`)}\n`, table([{ title: 'SETTING' }, { title: 'NOW' }, { title: 'NEXT' }], machine.pending.map(({ field, now, next }) => [field, now, next]), style))
  }
  if (lastExit !== null) {
    lines.push('\n', facts([['last end', { text: lastExit.sentence, colour: lastExit.kind === 'crashed' || lastExit.kind === 'launch-failed' ? 'red' : undefined }], ['at', timeShown(lastExit.at)]], style))
    if (lastExit.kind === 'crashed' || lastExit.kind === 'launch-failed') lines.push(tail('QEMU said last', lastExit.qemuTail, style), tail('the guest wrote last', lastExit.serialTail, style))
  }
  return lines.join('')
}

function tail(title: string, text: string, style: Style): string {
  const safe = safeText(text).trimEnd()
  if (safe === '') return ''
  const last = safe.split('\n').slice(-10)
  return `${paint(style, 'dim', `${title}:`)}\n${last.map((line) => `  ${line}\n`).join('')}`
}

function devices({ config, disks, forwards, hardware }: MachineDetails, style: Style): string {
  if (config === null) return ''
  const rows: Cell[][] = []
  for (const disk of config.disks) {
    const usage = disks.find(({ id }) => id === disk.id)
    const real = usage === undefined ? '' : `, ${bytesShown(usage.allocatedBytes)} on the host${usage.sharedBytes > 0 ? ` (${bytesShown(usage.sharedBytes)} shared)` : ''}`
    rows.push([disk.id, disk.bus, `${memoryShown(disk.sizeMiB)}${real}${disk.readOnly ? ', read only' : ''}${disk.cache === 'safe' ? '' : `, cache ${disk.cache}`}${disk.label === '' ? '' : `, ${disk.label}`}`])
  }
  for (const cdrom of config.cdroms) rows.push([cdrom.id, cdrom.bus, cdrom.image === null ? 'empty' : `image ${cdrom.image}`])
  for (const nic of config.nics) {
    const mac = hardware?.macs[nic.id]
    const bound = forwards.filter((forward) => forward.nic === nic.id).map(forwardShown)
    rows.push([nic.id, nic.model, [`user network${nic.network.restrict ? ', restricted' : ''}`, ...(nic.connected ? [] : ['cable out']), ...(mac === undefined ? [] : [mac]), ...bound].join(', ')])
  }
  return rows.length === 0 ? '' : `\n${table([{ title: 'DEVICE' }, { title: 'KIND' }, { title: 'WHAT', cutTo: 20 }], rows, style)}`
}
