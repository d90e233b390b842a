/**
 * Watches one run of a machine come up: how far its guest is, how long it took, and whether it
 * restarts again and again. A boot goes on record only where it was seen from its beginning until
 * its guest was up, so that what is called usual was measured.
 */
import { uptime } from 'node:os'
import type { BootPhase, SeenBoot } from '../../contract/machine.ts'
import { BootPhaseReader } from '../console/boot-phase.ts'
import type { BootObserver } from './live-machine.ts'
import type { MachineCore } from './machine-core.ts'

const keptBoots = 5
const restartWindowMs = 60_000

export class BootWatch implements BootObserver {
  readonly #core: MachineCore
  #reader = new BootPhaseReader()
  readonly #phases: SeenBoot['phases'] = {}
  /** Whether this boot is seen from its beginning. */
  #isWhole: boolean
  #isReady = false
  /** When its guest restarted by itself, on the clock of `performance`. */
  #restarts: number[] = []
  #timer: NodeJS.Timeout | null = null

  /** `begin`: `launch` for a guest that is just being started, `resumed` for one that goes on where it was saved, `found` for one that runs already. */
  constructor(core: MachineCore, begin: 'launch' | 'resumed' | 'found') {
    this.#core = core
    this.#isWhole = begin === 'launch'
    // Where a guest goes on that was saved, there is no boot.
    this.#isReady = begin === 'resumed'
    if (this.#isReady) core.setBoot({ phase: 'ready', restartsInMinute: 0 })
  }

  /** What the guest wrote on its serial port. */
  wrote(chunk: Buffer): void {
    if (this.#isReady || !this.#reader.push(chunk) || this.#reader.phase === null) return
    this.#reached(this.#reader.phase)
  }

  /** Its agent answers, which is one way of being up. */
  agentAnswers(): void {
    if (!this.#isReady) this.#reached('ready')
  }

  /** The guest was reset, or has reset itself: a boot begins that is not on record. */
  restarted(byGuest: boolean): void {
    this.#isWhole = false
    this.#isReady = false
    this.#reader = new BootPhaseReader()
    if (byGuest) this.#restarts.push(performance.now())
    this.#tell(null)
  }

  /** Its time would say nothing of the guest: it was halted on the way. */
  halted(): void {
    if (!this.#isReady) this.#isWhole = false
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #reached(phase: BootPhase): void {
    const { run } = this.#core
    const seconds = run === null ? 0 : Math.max(0, Math.round((uptime() - run.startedAtBootSeconds) * 100) / 100)
    if (phase !== 'ready') this.#phases[phase] ??= seconds
    else {
      this.#isReady = true
      this.#restarts = []
      if (this.#isWhole && run !== null) this.#keep({ startedAt: run.startedAt, phases: { ...this.#phases }, readySeconds: seconds })
    }
    this.#tell(phase)
  }

  #tell(phase: BootPhase | null): void {
    this.end()
    const since = performance.now() - restartWindowMs
    this.#restarts = this.#restarts.filter((at) => at > since)
    this.#core.setBoot({ phase, restartsInMinute: this.#restarts.length })
    const [oldest] = this.#restarts
    if (oldest === undefined) return
    this.#timer = setTimeout(() => this.#tell(this.#isReady ? 'ready' : this.#reader.phase), oldest - since + 1)
    this.#timer.unref()
  }

  #keep(boot: SeenBoot): void {
    const core = this.#core
    core.queue.run(() => core.saveBoots([...core.stored.boots.filter(({ startedAt }) => startedAt !== boot.startedAt), boot].slice(-keptBoots))).catch((error: unknown) => core.context.log(`${core.id}: its boot is not on record: ${String(error)}`))
  }
}
