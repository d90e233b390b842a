/**
 * Port forwards of a running machine. They exist only in the human monitor, whose answers are
 * text: this is the one place that uses it, for two commands, with arguments that are built
 * from checked parts and never from a person's string.
 */
import { isIPv4 } from 'node:net'
import { MayflyError } from '../../../contract/errors.ts'
import type { QmpClient } from './qmp-client.ts'

export interface HostForward {
  /** QEMU's id of the `user` netdev. */
  readonly netdevId: string
  readonly protocol: 'tcp' | 'udp'
  /** IPv4; `127.0.0.1` unless the user chose otherwise. */
  readonly hostAddress: string
  readonly hostPort: number
  readonly guestPort: number
}

/**
 * Opens a port of the host that leads into the guest.
 *
 * @throws MayflyError 'qmp-failed' when QEMU refuses, mostly because the port is taken;
 * 'invalid-input' when a part is malformed.
 */
export async function addHostForward(client: QmpClient, forward: HostForward): Promise<void> {
  checkForward(forward)
  const commandLine = `hostfwd_add ${forward.netdevId} ${hostSide(forward)}-:${forward.guestPort}`
  const answer = await client.execute('human-monitor-command', { 'command-line': commandLine })
  // Says nothing when it worked (`hmp_hostfwd_add` in QEMU's net/slirp.c).
  if (answer.trim() !== '') throw refused('hostfwd_add', answer)
}

/**
 * Closes it again. Connections through it live on until they end.
 *
 * @throws MayflyError 'not-found' when QEMU has no such forward, 'invalid-input'.
 */
export async function removeHostForward(client: QmpClient, forward: Omit<HostForward, 'guestPort'>): Promise<void> {
  checkForward({ ...forward, guestPort: 1 })
  const answer = await client.execute('human-monitor-command', { 'command-line': `hostfwd_remove ${forward.netdevId} ${hostSide(forward)}` })
  // `hmp_hostfwd_remove` in QEMU's net/slirp.c: the last word is "removed" or the two are "not found".
  if (answer.trim() === `host forwarding rule for ${hostSide(forward)} removed`) return
  throw new MayflyError('not-found', `QEMU did not remove the port forward ${hostSide(forward)}: ${answer.trim()}`, { kind: 'port forward', ref: hostSide(forward) })
}

function hostSide({ protocol, hostAddress, hostPort }: Omit<HostForward, 'guestPort'>): string {
  return `${protocol}:${hostAddress}:${hostPort}`
}

function checkForward({ netdevId, hostAddress, hostPort, guestPort }: HostForward): void {
  const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535
  const issues = [
    { path: 'netdevId', message: 'is not an id', ok: /^[A-Za-z][A-Za-z0-9_.-]*$/.test(netdevId) },
    { path: 'hostAddress', message: 'is not an IPv4 address', ok: isIPv4(hostAddress) },
    { path: 'hostPort', message: 'is not a port', ok: isPort(hostPort) },
    { path: 'guestPort', message: 'is not a port', ok: isPort(guestPort) },
  ].filter(({ ok }) => !ok)
  if (issues.length > 0) throw new MayflyError('invalid-input', 'The port forward is malformed.', { issues: issues.map(({ path, message }) => ({ path, message })) })
}

function refused(command: string, answer: string): MayflyError<'qmp-failed'> {
  const description = answer.trim()
  return new MayflyError('qmp-failed', `QEMU refused the port forward: ${description}`, { command, qmpClass: 'GenericError', description })
}
