/** Network cards, cables and port forwards; the last two also while the guest runs. */
import { MayflyError } from '../../contract/errors.ts'
import type { Nic, PortForward } from '../../contract/device.ts'
import type { DeviceId } from '../../contract/ids.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { netdevId } from '../qemu/argv/qemu-ids.ts'
import { addHostForward, removeHostForward } from '../qemu/qmp/host-forward.ts'
import { nextId } from './disk-commands.ts'
import { editBoth, editConfig, editableStates } from './edit.ts'
import { canBind } from './host-ports.ts'
import type { MachineCore } from './machine-core.ts'
import { liveOf } from './power.ts'

/** Adds a network card; a running guest sees it at its next start. */
export function addNic(core: MachineCore, model: Nic['model'] | undefined): Promise<void> {
  return core.queue.run(() =>
    editConfig(core, (config) => ({
      ...config,
      nics: [...config.nics, { id: nextId('nic', config.nics), model: model ?? (config.profile === 'compatible' ? 'e1000e' : 'virtio-net'), network: { kind: 'user', restrict: false, forwards: [] }, connected: true }],
    })),
  )
}

export function removeNic(core: MachineCore, id: DeviceId): Promise<void> {
  return core.queue.run(async () => {
    findNic(core, id)
    await editConfig(core, (config) => ({ ...config, nics: config.nics.filter((nic) => nic.id !== id) }))
  })
}

/** Plugs the cable in or out. */
export function connectNic(core: MachineCore, id: DeviceId, connected: boolean): Promise<void> {
  return core.queue.run(async () => {
    core.require('changed', editableStates)
    findNic(core, id)
    if (isPlugged(core, id)) await liveOf(core).qmp.execute('set_link', { name: id, up: connected })
    await changeNic(core, id, (nic) => ({ ...nic, connected }))
  })
}

/** Forwards a port of the host into the guest. */
export function addForward(core: MachineCore, nicId: DeviceId | undefined, forward: PortForward): Promise<void> {
  return core.queue.run(async () => {
    core.require('changed', editableStates)
    const nic = findNic(core, nicId)
    if (sameForward(core.config, forward) !== undefined) {
      throw new MayflyError('conflict', `${core.name} already forwards port ${forward.hostPort}.`, { state: 'taken', allowed: [] }, { next: 'Remove that forward first, or choose another port.' })
    }
    if (isPlugged(core, nic.id)) {
      if (!(await canBind(forward.protocol, forward.hostAddress, forward.hostPort))) {
        const owner = core.context.portOwner(forward.protocol, forward.hostPort, core.id) ?? 'another program'
        throw new MayflyError('in-use', `Port ${forward.hostPort} on ${forward.hostAddress} is taken by ${owner}.`, { by: [owner] }, { next: 'Choose another port.' })
      }
      await addHostForward(liveOf(core).qmp, { netdevId: netdevId(nic.id), ...forward })
    }
    try {
      await changeNic(core, nic.id, (candidate) => ({ ...candidate, network: { ...candidate.network, forwards: [...candidate.network.forwards, forward] } }))
    } catch (error) {
      if (isPlugged(core, nic.id)) await removeHostForward(liveOf(core).qmp, { netdevId: netdevId(nic.id), ...forward }).catch(() => undefined)
      throw error
    }
  })
}

/** Ends a forward; connections through it live on until they end. */
export function removeForward(core: MachineCore, nicId: DeviceId | undefined, protocol: PortForward['protocol'], hostPort: number): Promise<void> {
  return core.queue.run(async () => {
    core.require('changed', editableStates)
    const nic = nicId === undefined ? core.config.nics.find((candidate) => candidate.network.forwards.some((forward) => matches(forward, protocol, hostPort))) : findNic(core, nicId)
    const forward = nic?.network.forwards.find((candidate) => matches(candidate, protocol, hostPort))
    if (nic === undefined || forward === undefined) {
      throw new MayflyError('not-found', `${core.name} does not forward ${protocol} port ${hostPort}.`, { kind: 'port forward', ref: String(hostPort) })
    }
    if (isPlugged(core, nic.id)) await removeHostForward(liveOf(core).qmp, { netdevId: netdevId(nic.id), ...forward })
    await changeNic(core, nic.id, (candidate) => ({ ...candidate, network: { ...candidate.network, forwards: candidate.network.forwards.filter((other) => !matches(other, protocol, hostPort)) } }))
  })
}

function changeNic(core: MachineCore, id: DeviceId, change: (nic: Nic) => Nic): Promise<void> {
  return editBoth(core, (config: MachineConfig) => ({ ...config, nics: config.nics.map((nic) => (nic.id === id ? change(nic) : nic)) }))
}

function matches(forward: PortForward, protocol: PortForward['protocol'], hostPort: number): boolean {
  return forward.protocol === protocol && forward.hostPort === hostPort
}

function sameForward(config: MachineConfig, wanted: PortForward): PortForward | undefined {
  return config.nics.flatMap((nic) => nic.network.forwards).find((forward) => matches(forward, wanted.protocol, wanted.hostPort))
}

function isPlugged(core: MachineCore, id: DeviceId): boolean {
  return hasProcess(core.state) && core.run?.config.nics.some((nic) => nic.id === id) === true
}

function findNic(core: MachineCore, id: DeviceId | undefined): Nic {
  const { config } = core
  const nic = id === undefined ? config.nics[0] : config.nics.find((candidate) => candidate.id === id)
  if (nic === undefined) throw new MayflyError('not-found', `${config.name} has no network card${id === undefined ? '' : ` ${id}`}.`, { kind: 'network card', ref: id ?? 'nic0' })
  return nic
}
