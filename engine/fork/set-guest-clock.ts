/** Sets the clock of a guest that was saved a while ago: by our helper, which is quicker, or by the agent. */
import { MayflyError } from '../../contract/errors.ts'
import { collectRun } from '../guest/collect-run.ts'
import { GuestAgent } from '../guest/guest-agent.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { liveOf } from '../machine/power.ts'

/** A guest that stood still for less is as right as most clocks are. */
const worthSettingMs = 1_000
const patienceMs = 30_000

/** `savedAt`: milliseconds of the epoch. Throws what running a command in the guest throws; a clock that is right enough is left alone. */
export async function setGuestClock(core: MachineCore, savedAt: number): Promise<void> {
  if (Date.now() - savedAt < worthSettingMs) return
  const live = liveOf(core)
  const helper = await live.exec()
  if (helper === null) {
    await live.agent.whenAnswering({ timeoutMs: patienceMs })
    return new GuestAgent(live.agent).setTime(new Date(), { timeoutMs: patienceMs })
  }
  if (helper.setTime(Date.now())) return
  const session = await helper.exec({ argv: ['date', '-u', '-s', `@${Math.round(Date.now() / 1000)}`] })
  const { exitStatus, stderr } = await collectRun(session, { timeoutMs: patienceMs })
  if (exitStatus !== 0) throw new MayflyError('unsupported', `The guest's date command refused: ${stderr.trim()}`, { needs: 'a date command that sets the clock', have: stderr.trim() })
}
