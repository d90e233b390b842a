/**
 * Types lines into many machines, as each would have been typed by hand: on their serial ports, or
 * on their keyboards. The ports stay open from the first line to the last, and what comes back is
 * thrown away: the tiles show it.
 */
import type { KeyPlace } from '../../contract/key.ts'
import type { ByteLink } from '../../contract/wire/byte-link.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { engine, openStream } from './connection.ts'
import { guestLayout } from './guest-layout.ts'
import { strokesFor } from './layouts.ts'
import type { LayoutName } from './layouts.ts'

/** What was written last is on its way while a link is closed; nobody confirms that it arrived. */
const lingerMs = 2000

export const typingWays = ['serial', 'screen'] as const
export type TypingWay = (typeof typingWays)[number]

export class TypingSession {
  readonly #links = new Map<string, Promise<ByteLink>>()
  readonly #encoder = new TextEncoder()
  readonly #pressing = new Map<string, Promise<unknown>>()

  /** Resolves to those it could not be sent to, or not with all its letters. */
  async send(machines: readonly MachineSummary[], line: string, through: TypingWay): Promise<MachineSummary[]> {
    return through === 'serial' ? this.#write(machines, line) : this.#press(machines, line)
  }

  async #press(machines: readonly MachineSummary[], line: string): Promise<MachineSummary[]> {
    const failed: MachineSummary[] = []
    await Promise.all(machines.map(async (machine) => {
      const presses = pressesFor(`${line}\n`, guestLayout(machine.id))
      // A line never overtakes the one before it.
      const done = (this.#pressing.get(machine.id) ?? Promise.resolve()).then(async () => {
        if (presses === undefined) throw new Error('A key is missing.')
        await engine.machine.pressKeys({ machine: machine.id, presses })
      })
      this.#pressing.set(machine.id, done.catch(() => undefined))
      await done.catch(() => failed.push(machine))
    }))
    return failed
  }

  async #write(machines: readonly MachineSummary[], line: string): Promise<MachineSummary[]> {
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

/** The keys to press, one combination after the other; undefined where this keyboard lacks a letter. */
function pressesFor(line: string, layout: LayoutName): KeyPlace[][] | undefined {
  const presses: KeyPlace[][] = []
  for (const character of line.normalize('NFC')) {
    const strokes = strokesFor(character, layout)
    if (strokes === undefined) return undefined
    for (const { key, shift, altGr } of strokes) presses.push([...(shift ? ['ShiftLeft' as const] : []), ...(altGr ? ['AltRight' as const] : []), key.code])
  }
  return presses
}
