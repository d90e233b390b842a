/** Procedures that reach into a guest: its agent, its consoles, commands run in it. */
import { implement } from '@orpc/server'
import { contract } from '../../contract/contract.ts'
import { MayflyError } from '../../contract/errors.ts'
import { openScreen } from '../console/screen.ts'
import { collectRun } from '../guest/collect-run.ts'
import { ExecStream } from '../guest/exec-stream.ts'
import { GuestAgent } from '../guest/guest-agent.ts'
import { startInGuest } from '../machine/guest-commands.ts'
import { liveOf } from '../machine/power.ts'
import type { EngineParts } from './engine-parts.ts'

const agentPatienceMs = 5_000
/** A little longer than a ticket is good for. */
const claimWithinMs = 35_000

export function guestProcedures({ context, machines, reportBug }: EngineParts) {
  const os = implement(contract)
  return {
    guest: {
      info: os.guest.info.handler(async ({ input, signal }) => {
        const core = machines.find(input.machine)
        core.require('asked', ['running'])
        const { agent } = liveOf(core)
        await agent.whenAnswering({ timeoutMs: agentPatienceMs, signal }).catch((cause: unknown) => {
          throw new MayflyError('timeout', `The guest agent of ${core.name} does not answer.`, { waitedMs: agentPatienceMs }, { cause, next: 'If it is still booting, wait: mayfly wait NAME --for agent. Else install qemu-guest-agent in the guest.' })
        })
        const { addresses, ...description } = await new GuestAgent(agent).describe()
        return { ...description, addresses: [...addresses] }
      }),
      exec: os.guest.exec.handler(async ({ input }) => {
        const { session, via } = await startInGuest(machines.find(input.machine), input, undefined)
        const stream = new ExecStream(session, { reportBug })
        // The command runs already; where nobody comes for its stream, it is hung up.
        const unclaimed = setTimeout(() => stream.destroy(), claimWithinMs).unref()
        const ticket = context.streams.issue('exec', () => {
          clearTimeout(unclaimed)
          return stream
        })
        return { ...ticket, via }
      }),
      run: os.guest.run.handler(async ({ input, signal }) => {
        const { session } = await startInGuest(machines.find(input.machine), input, signal)
        return collectRun(session, { timeoutMs: input.timeoutMs, signal, ...(input.stdinBase64 === undefined ? {} : { stdin: Buffer.from(input.stdinBase64, 'base64') }) })
      }),
    },
    console: {
      open: os.console.open.handler(({ input }) => {
        const core = machines.find(input.machine)
        core.require('looked at', ['running', 'paused', 'starting', 'stopping', 'saving', 'restoring'])
        const live = liveOf(core)
        if (input.kind === 'serial') return context.streams.issue('bytes', () => live.serial.view({ replayBytes: input.replayBytes }))
        if (core.run?.config.display.model === 'none') throw new MayflyError('unsupported', `${core.name} has no screen.`, { needs: 'a display', have: 'none' })
        return context.streams.issue('bytes', () => openScreen(core.runtime.screenSocket))
      }),
      viewers: os.console.viewers.handler(async function* ({ input, signal }) {
        const { serial } = liveOf(machines.find(input.machine))
        for await (const count of serial.followViewers(signal)) yield { serial: count }
      }),
    },
  }
}
