/**
 * One viewer of a serial port. It shows the history first and then what comes, takes no more from
 * the engine than the terminal has drawn, and connects again by itself for as long as it is open.
 */
import type { Terminal } from '@xterm/xterm'
import type { ByteLink } from '../../../contract/wire/byte-link.ts'
import { engine, openStream } from '../../state/connection.ts'

export type SerialPhase = 'connecting' | 'open' | 'off'

/** History that is shown on connecting, bytes. */
const replayBytes = 256 * 1024
const pausesMs = [100, 250, 500, 1000, 2000]

export class SerialSession {
  readonly #machine: string
  readonly #terminal: Terminal
  readonly #onPhase: (phase: SerialPhase) => void
  readonly #encoder = new TextEncoder()
  #link: ByteLink | undefined
  #wanted: 'live' | 'log' | 'nothing' = 'nothing'
  #run = 0

  constructor(machine: string, terminal: Terminal, onPhase: (phase: SerialPhase) => void) {
    this.#machine = machine
    this.#terminal = terminal
    this.#onPhase = onPhase
    terminal.onData((text) => this.#send(this.#encoder.encode(text)))
    terminal.onBinary((text) => this.#send(Uint8Array.from(text, (character) => character.charCodeAt(0))))
  }

  /** Whether the machine runs: then its port is connected, else its log is shown. Called as often as one likes. */
  follow(on: boolean): void {
    const wanted = on ? 'live' : 'log'
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    this.#drop()
    const run = ++this.#run
    void (on ? this.#stayConnected(run) : this.#showLog(run))
  }

  close(): void {
    this.#wanted = 'nothing'
    this.#run++
    this.#drop()
  }

  #drop(): void {
    this.#link?.close()
    this.#link = undefined
  }

  #send(bytes: Uint8Array): void {
    void this.#link?.write(bytes).catch(() => undefined)
  }

  async #showLog(run: number): Promise<void> {
    this.#onPhase('off')
    let text: string | undefined
    for (let failures = 0; text === undefined; ) {
      // The engine may be away: its log is there when it is back.
      text = await engine.machine.log({ machine: this.#machine, source: 'serial', tailBytes: replayBytes }).then((log) => log.text, () => undefined)
      if (text === undefined) await pause(failures++)
      if (run !== this.#run) return
    }
    this.#terminal.reset()
    this.#terminal.write(text)
    // A machine that is off has no cursor.
    this.#terminal.write('\u001b[?25l')
  }

  async #stayConnected(run: number): Promise<void> {
    for (let failures = 0; run === this.#run; ) {
      this.#onPhase('connecting')
      try {
        const { ticket } = await engine.console.open({ machine: this.#machine, kind: 'serial', replayBytes })
        const link = await openStream(ticket)
        if (run !== this.#run) return link.close()
        this.#link = link
        failures = 0
        this.#onPhase('open')
        this.#terminal.reset()
        await this.#show(link, run)
      } catch {
        // The machine may just have ended, or the engine: try again until told otherwise.
      }
      if (run !== this.#run) return
      await pause(failures++)
    }
  }

  /** Reads the next bytes only when the last were drawn: a guest that floods waits, the page does not. */
  async #show(link: ByteLink, run: number): Promise<void> {
    for (;;) {
      const bytes = await link.read()
      if (bytes === null || run !== this.#run) return
      await new Promise<void>((resolve) => this.#terminal.write(bytes, resolve))
    }
  }
}

/** Longer after each failure. */
function pause(failures: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pausesMs[Math.min(failures, pausesMs.length - 1)]))
}
