/** What people are told about a network card. */
import type { Nic, PortForward } from '../../contract/device.ts'
import { sayBootIndex, sayCount, saySwitch, sayText, type Setting, setting } from './setting.ts'

/** `127.0.0.1:2222 to 22/tcp`. */
export function describeForward(forward: PortForward): string {
  return `${forward.hostAddress}:${forward.hostPort} to ${forward.guestPort}/${forward.protocol}`
}

/** `virtio-net on the user network, 2 port forwards`. */
export function describeNic(nic: Nic): string {
  const { forwards, restrict } = nic.network
  return [
    `${nic.model} on the user network`,
    ...(restrict ? ['cut off from the outside'] : []),
    ...(forwards.length === 0 ? [] : [sayCount(forwards.length, 'port forward')]),
    ...(nic.connected ? [] : ['cable unplugged']),
  ].join(', ')
}

export const nicSettings: readonly Setting<Nic>[] = [
  setting('model', 'next-start', (nic) => nic.model, sayText),
  setting('network.restrict', 'next-start', (nic) => nic.network.restrict, saySwitch),
  setting('network.forwards', 'now', (nic) => nic.network.forwards, (forwards) => (forwards.length === 0 ? 'none' : forwards.map(describeForward).join(', '))),
  setting('connected', 'now', (nic) => nic.connected, (connected) => (connected ? 'plugged in' : 'unplugged')),
  setting('bootIndex', 'next-start', (nic) => nic.bootIndex, sayBootIndex),
]
