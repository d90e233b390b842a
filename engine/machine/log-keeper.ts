/**
 * Keeps the logs that a guest can feed within their bounds while machines run. The serial log,
 * which grows fastest, is kept by the hub that reads the port.
 */
import { hasProcess } from '../../contract/machine-state.ts'
import { CappedLog } from '../logs/capped-log.ts'
import type { MachineCore } from './machine-core.ts'
import type { Machines } from './machines.ts'

/** A flooding serial port under TCG writes about a megabyte a second, so a log is over its cap by a few at the most. */
const intervalMs = 2_000

export class LogKeeper {
  readonly #machines: Machines
  readonly #log: (line: string) => void
  readonly #capped = new WeakMap<MachineCore, CappedLog[]>()
  readonly #timer: NodeJS.Timeout
  #isLooking = false

  constructor(machines: Machines, log: (line: string) => void) {
    this.#machines = machines
    this.#log = log
    this.#timer = setInterval(() => void this.#look(), intervalMs)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      for (const core of this.#machines.all) {
        if (!hasProcess(core.state)) continue
        for (const capped of this.#logsOf(core)) await capped.check()
      }
    } catch (error) {
      this.#log(`A log could not be cut: ${String(error)}`)
    } finally {
      this.#isLooking = false
    }
  }

  #logsOf(core: MachineCore): CappedLog[] {
    let logs = this.#capped.get(core)
    if (logs === undefined) {
      logs = [core.names.qemuLog, core.names.tpmLog, core.names.eventLog].map((path) => new CappedLog(path))
      this.#capped.set(core, logs)
    }
    return logs
  }
}
