/** The ports of a machine that is not made yet: read, and compared with those that others have. Pure. */
import type { PortForward } from '../../../contract/device.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { freePort, parseListen, parsePort, takenBy } from '../../state/ports.ts'
import { text } from '../../text/text.ts'
import type { ForwardDraft } from './draft.ts'
import type { Issue } from './issue.ts'

interface ForwardsPlan {
  readonly forwards: readonly ForwardDraft[]
  /** Those that can be read. */
  readonly planned: PortForward[]
  readonly issues: Issue[]
}

const sshPort = 22
const firstSuggested = 2222

/** `suggestSsh`: where nothing was said, the guest's SSH gets the first port that is free. */
export function planForwards(said: readonly ForwardDraft[] | undefined, machines: readonly MachineSummary[], suggestSsh: boolean): ForwardsPlan {
  const forwards = said ?? (suggestSsh ? [{ key: 0, listen: `127.0.0.1:${freePort(machines, firstSuggested)}`, guest: String(sshPort), protocol: 'tcp' as const, suggested: true }] : [])
  const planned: PortForward[] = []
  const issues: Issue[] = []
  for (const forward of forwards) {
    const listen = parseListen(forward.listen)
    const guestPort = parsePort(forward.guest)
    const complain = (field: string, message: string, port?: number): void => {
      const remedy = port === undefined ? {} : { remedy: { word: text.wizard.usePort(port), change: { forwards: forwards.map((other) => (other.key === forward.key ? { ...other, listen: `${listen?.hostAddress ?? '127.0.0.1'}:${port}` } : other)) } } }
      issues.push({ field: `${field}-${forward.key}`, step: 2, called: text.wizard.fields.port(forward.listen.split(':').at(-1) ?? ''), message, ...remedy })
    }
    if (listen === undefined) complain('listen', text.wizard.listenBad)
    else {
      const owner = takenBy(machines, listen.hostPort, forward.protocol)
      const twice = planned.some((other) => other.hostPort === listen.hostPort && other.protocol === forward.protocol)
      const free = freePort(machines, Math.max(listen.hostPort, ...planned.map(({ hostPort }) => hostPort)) + 1)
      if (owner !== undefined) complain('listen', text.wizard.portTaken(owner, listen.hostPort), free)
      else if (twice) complain('listen', text.wizard.portTwice(listen.hostPort), free)
    }
    if (guestPort === undefined) complain('guest', text.wizard.guestPortBad)
    if (listen !== undefined && guestPort !== undefined) planned.push({ protocol: forward.protocol, ...listen, guestPort })
  }
  return { forwards, planned, issues }
}

/** A row for another service: the next well-known one, or an empty guest port. */
export function anotherForward(forwards: readonly ForwardDraft[], machines: readonly MachineSummary[]): ForwardDraft {
  const guest = [sshPort, 80, 443].find((port) => forwards.every((forward) => parsePort(forward.guest) !== port))
  const wanted = guest === sshPort ? firstSuggested : guest === 443 ? 8443 : 8080
  const taken = new Set(forwards.map(({ listen }) => parseListen(listen)?.hostPort))
  let port = freePort(machines, wanted)
  while (taken.has(port)) port = freePort(machines, port + 1)
  return { key: Math.max(0, ...forwards.map(({ key }) => key)) + 1, listen: `127.0.0.1:${port}`, guest: guest === undefined ? '' : String(guest), protocol: 'tcp', suggested: false }
}
