/**
 * Types lines on the serial ports of many machines, as each would have been typed by hand. The
 * ports stay open from the first line to the last, and what comes back is thrown away: the tiles
 * show it.
 */
import type { ByteLink } from '../../contract/wire/byte-link.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { engine, openStream } from './connection.ts'

/** What was written last is on its way while a link is closed; nobody confirms that it arrived. */
const lingerMs = 2000

export class TypingSession {
  readonly #links = new Map<string, Promise<ByteLink>>()
  readonly #encoder = new TextEncoder()

  /** Resolves to those it could not be sent to. */
  async send(machines: readonly MachineSummary[], line: string): Promise<MachineSummary[]> {
    const bytes = this.#encoder.encode(`${line}\r`)
    const failed: MachineSummary[] = []
    await Promise.all(machines.map(async (machine) => {
      try {
        const link = await this.#open(machine.id)
        await link.write(bytes)
      } catch {
        this.#links.delete(machine.id)
        failed.push(machine)
      }
    }))
    return failed
  }

  close(): void {
    for (const opening of this.#links.values()) {
      void opening.then((link) => {
        link.end()
        setTimeout(() => link.close(), lingerMs)
      }, () => undefined)
    }
    this.#links.clear()
  }

  #open(machine: string): Promise<ByteLink> {
    const known = this.#links.get(machine)
    if (known !== undefined) return known
    const opening = engine.console.open({ machine, kind: 'serial', replayBytes: 0 }).then(({ ticket }) => openStream(ticket))
    this.#links.set(machine, opening)
    void opening.then((link) => this.#drain(machine, link), () => undefined)
    return opening
  }

  /** A port that nobody reads would hold what it has to say against us. */
  async #drain(machine: string, link: ByteLink): Promise<void> {
    try {
      while ((await link.read()) !== null);
    } catch {
      // The machine ended, or the engine: the next line opens it anew.
    }
    this.#links.delete(machine)
  }
}
