/** Measures one running machine. Rates come from two readings of the same counters. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { MachineMetrics } from '../../contract/metrics.ts'
import type { LiveMachine } from '../machine/live-machine.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { onlyOne } from '../qemu/argv/qemu-ids.ts'
import { residentBytes } from '../qemu/process/process-identity.ts'

/** USER_HZ of Linux on x86 and ARM: /proc counts processor time in hundredths of a second (proc(5)). */
const ticksPerSecond = 100
const answerWithinMs = 2_000
/** Seconds between the guest's reports of its memory. */
const balloonSeconds = 5
/** An agent is asked less often than once a second: each question runs code in the guest. */
const agentEveryMs = 3_000

interface Reading {
  readonly atMs: number
  readonly cpuTicks: number | null
  readonly disk: { readonly read: number; readonly written: number } | null
}

interface Traffic {
  readonly atMs: number
  readonly received: number
  readonly sent: number
}

const interfacesSchema = z.array(z.object({ name: z.string(), statistics: z.object({ 'rx-bytes': z.number(), 'tx-bytes': z.number() }).optional() })).max(256)
// A statistic the guest does not give is all ones (virtio 1.2, 5.5.6.3), beyond what a number holds exactly.
const balloonSchema = z.object({ stats: z.object({ 'stat-total-memory': z.number(), 'stat-available-memory': z.number() }) })

export class MachineMeter {
  readonly #live: LiveMachine
  #last: Reading | null = null
  #traffic: Traffic | null = null
  #rates: { in: number; out: number } | null = null
  #asksBalloon = false

  constructor(live: LiveMachine) {
    this.#live = live
  }

  get live(): LiveMachine {
    return this.#live
  }

  /** One sample. What cannot be read is null; nothing is thrown for it. */
  async sample(core: MachineCore): Promise<MachineMetrics> {
    const [disk, guestMemoryBytes] = await Promise.all([this.#readDisk(), this.#readBalloon(core)])
    await this.#readTraffic(core)
    const now: Reading = { atMs: performance.now(), cpuTicks: readCpuTicks(this.#live.process.pid), disk }
    const last = this.#last
    this.#last = now
    const seconds = last === null ? 0 : (now.atMs - last.atMs) / 1000
    const rate = (from: number | undefined, to: number | undefined): number | null => (from === undefined || to === undefined || seconds <= 0 ? null : Math.max(0, (to - from) / seconds))
    const ticks = rate(last?.cpuTicks ?? undefined, now.cpuTicks ?? undefined)
    return {
      machine: core.id,
      cpu: ticks === null ? null : Math.min(1, ticks / ticksPerSecond / Math.max(1, core.run?.config.cpus ?? 1)),
      guestMemoryBytes,
      residentBytes: residentBytes(this.#live.process.pid),
      diskReadBytesPerSecond: rate(last?.disk?.read, now.disk?.read),
      diskWriteBytesPerSecond: rate(last?.disk?.written, now.disk?.written),
      networkInBytesPerSecond: this.#rates?.in ?? null,
      networkOutBytesPerSecond: this.#rates?.out ?? null,
    }
  }

  async #readDisk(): Promise<Reading['disk']> {
    try {
      const blocks = await this.#live.qmp.execute('query-blockstats', undefined, { timeoutMs: answerWithinMs })
      // Only what a device is plugged on: lower layers are counted by the one above.
      const plugged = blocks.filter((block) => block.qdev !== undefined)
      return { read: plugged.reduce((sum, { stats }) => sum + stats.rd_bytes, 0), written: plugged.reduce((sum, { stats }) => sum + stats.wr_bytes, 0) }
    } catch {
      return null
    }
  }

  async #readBalloon(core: MachineCore): Promise<number | null> {
    if (core.run?.config.balloon !== true) return null
    const path = `/machine/peripheral/${onlyOne.balloon}`
    try {
      if (!this.#asksBalloon) {
        await this.#live.qmp.execute('qom-set', { path, property: 'guest-stats-polling-interval', value: balloonSeconds }, { timeoutMs: answerWithinMs })
        this.#asksBalloon = true
      }
      const told = balloonSchema.safeParse(await this.#live.qmp.execute('qom-get', { path, property: 'guest-stats' }, { timeoutMs: answerWithinMs }))
      if (!told.success) return null
      const { 'stat-total-memory': total, 'stat-available-memory': available } = told.data.stats
      const isKnown = Number.isSafeInteger(total) && Number.isSafeInteger(available) && total > 0 && available >= 0 && available <= total
      return isKnown ? total - available : null
    } catch {
      return null
    }
  }

  async #readTraffic(core: MachineCore): Promise<void> {
    if (this.#live.agent.state !== 'answering' || core.state !== 'running') {
      this.#traffic = null
      this.#rates = null
      return
    }
    const last = this.#traffic
    if (last !== null && performance.now() - last.atMs < agentEveryMs) return
    try {
      const told = interfacesSchema.parse(await this.#live.agent.call('guest-network-get-interfaces', {}, { timeoutMs: answerWithinMs }))
      const cards = told.filter(({ name }) => name !== 'lo').map(({ statistics }) => statistics)
      const now: Traffic = { atMs: performance.now(), received: sumOf(cards, 'rx-bytes'), sent: sumOf(cards, 'tx-bytes') }
      this.#traffic = now
      if (last === null) return
      const seconds = (now.atMs - last.atMs) / 1000
      this.#rates = { in: Math.max(0, (now.received - last.received) / seconds), out: Math.max(0, (now.sent - last.sent) / seconds) }
    } catch {
      this.#traffic = null
      this.#rates = null
    }
  }
}

function sumOf(cards: readonly ({ 'rx-bytes': number; 'tx-bytes': number } | undefined)[], key: 'rx-bytes' | 'tx-bytes'): number {
  return cards.reduce((sum, card) => sum + (card?.[key] ?? 0), 0)
}

/** User and system time of all threads (fields 14 and 15 of /proc/PID/stat, proc(5)). */
function readCpuTicks(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    return Number.isFinite(ticks) ? ticks : null
  } catch {
    return null
  }
}
