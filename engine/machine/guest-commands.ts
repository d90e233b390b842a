/** Running commands in a guest: through our helper where it has one, else through the plain agent. */
import { MayflyError } from '../../contract/errors.ts'
import type { ExecRequest } from '../../contract/procedures/guest.ts'
import { AgentExecSession } from '../guest/agent-exec.ts'
import type { ExecSession } from '../guest/exec/exec-session.ts'
import type { MachineCore } from './machine-core.ts'
import { liveOf } from './power.ts'

export interface GuestCommand {
  readonly session: ExecSession
  readonly via: 'helper' | 'agent'
  /** When the guest was asked for it (`performance.now()`): its word that the command has begun may come when that is long over. */
  readonly askedAtMs: number
}

/** How long a guest that is still booting is given to bring helper or agent up. */
const bootPatienceMs = 10_000

/** Starts a command in the guest of a running machine. Throws `unsupported` where the guest has neither helper nor agent, or a terminal is wanted from the agent. */
export async function startInGuest(core: MachineCore, request: ExecRequest, signal: AbortSignal | undefined): Promise<GuestCommand> {
  core.require('used', ['running'])
  const live = liveOf(core)
  const [program, ...args] = request.argv
  if (program === undefined) throw new MayflyError('invalid-input', 'There is no command.', { issues: [{ path: 'argv', message: 'Name a program.' }] })
  const helper = await live.exec()
  if (helper !== null) {
    const askedAtMs = performance.now()
    const session = await helper.exec(
      {
        argv: [program, ...args],
        env: request.terminal === undefined ? request.env : { TERM: request.terminal.type, ...request.env },
        ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
        ...(request.terminal === undefined ? {} : { pty: { rows: request.terminal.rows, columns: request.terminal.columns } }),
      },
      signal === undefined ? {} : { signal },
    )
    return { session, via: 'helper', askedAtMs }
  }
  if (request.terminal !== undefined) {
    throw new MayflyError('unsupported', `The guest of ${core.name} has no Mayfly helper, and the plain agent has no terminal.`, { needs: 'the Mayfly helper', have: 'the guest agent' }, { next: 'Run the command without a terminal, or use mayfly console.' })
  }
  try {
    await live.agent.whenAnswering({ timeoutMs: bootPatienceMs, signal })
  } catch (cause) {
    if (signal?.aborted === true) throw cause
    throw new MayflyError('unsupported', `Neither the Mayfly helper nor the guest agent answers in ${core.name}.`, { needs: 'the Mayfly helper or qemu-guest-agent in the guest', have: 'neither' }, { cause, next: 'If it is still booting, wait: mayfly wait NAME --for agent. Else install qemu-guest-agent in the guest.' })
  }
  return { session: new AgentExecSession(live.agent, { argv: request.argv, env: request.env, cwd: request.cwd }), via: 'agent', askedAtMs: performance.now() }
}
