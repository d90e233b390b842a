/** What the engine does when QEMU tells it something: ask for the state, or note what happened. */
import { hasProcess } from '../../contract/machine-state.ts'
import { isAlive } from '../qemu/process/process-identity.ts'
import type { AnyQmpEvent } from '../qemu/qmp/qmp-message.ts'
import { settleEnd } from './end.ts'
import type { LiveMachine } from './live-machine.ts'
import type { MachineCore } from './machine-core.ts'
import { reconcile } from './reconcile.ts'

/** A monitor is asked this often whether it still answers; it costs one short message. */
const healthIntervalMs = 15_000

/** Takes over a living QEMU whose monitor's connection broke, and settles what was open. */
type Regain = (core: MachineCore) => Promise<unknown>

/** Listens to a live machine until it is detached or its monitor closes. */
export function watchLive(core: MachineCore, live: LiveMachine, regain: Regain): void {
  const report = (error: unknown): void => core.context.log(`${core.id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  const look = (): void => {
    core.queue.run(async () => {
      if (core.live !== live) return
      const wasSilent = core.state === 'unknown'
      await reconcile(core)
      if (wasSilent && core.state !== 'unknown') await core.context.answersAgain(core.id)
    }).catch(report)
  }
  live.qmp.onAny((event) => {
    if (meansLook(event)) look()
    note(core, live, event)
  })
  const health = setInterval(look, healthIntervalMs)
  health.unref()
  void live.qmp.closed.then(() => {
    clearInterval(health)
    if (live.isDetached) return
    core.queue.run(() => afterMonitorClosed(core, live, regain)).catch(report)
  })
}

/** Events after which QEMU's run state may be another. */
function meansLook(event: AnyQmpEvent): boolean {
  switch (event.event) {
    case 'STOP':
    case 'RESUME':
    case 'SUSPEND':
    case 'WAKEUP':
    case 'GUEST_PANICKED':
    case 'BLOCK_IO_ERROR':
    case 'WATCHDOG':
      return true
    default:
      return false
  }
}

function note(core: MachineCore, live: LiveMachine, event: AnyQmpEvent): void {
  switch (event.event) {
    case 'RESET':
      live.guestRestarted()
      live.boot.restarted(event.data.guest)
      core.happened('reset', event.data.guest ? `${core.name} restarted.` : `${core.name} was reset.`)
      return
    case 'STOP':
      live.boot.halted()
      return
    case 'WATCHDOG':
      core.happened('watchdog', `The watchdog of ${core.name} acted (${event.data.action}): its guest stopped answering.`)
      return
    case 'VSERPORT_CHANGE':
      live.portChanged(event.data.id, event.data.open)
      return
    default:
  }
}

/** The monitor is gone: because QEMU ended, or because the connection broke under a living QEMU. */
async function afterMonitorClosed(core: MachineCore, live: LiveMachine, regain: Regain): Promise<void> {
  if (core.live !== live || !hasProcess(core.state)) return
  live.detach()
  core.live = null
  if (await endsSoon(live)) return settleEnd(core)
  await regain(core)
}

/** QEMU closes its sockets a moment before its process is gone. */
async function endsSoon(live: LiveMachine): Promise<boolean> {
  const deadline = performance.now() + 5_000
  while (isAlive(live.process)) {
    if (performance.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return true
}
