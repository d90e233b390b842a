/**
 * One viewer of a machine's screen. It connects again by itself for as long as it is open, and
 * keeps the last picture when the machine goes. What the other side names its screen is not shown.
 */
import RFB from '@novnc/novnc'
import { isMayflyError } from '../../../contract/errors.ts'
import { engine, openStream } from '../../state/connection.ts'
import { ByteChannel } from './byte-channel.ts'
import { strokeFor } from './keys.ts'
import type { Key } from './keys.ts'

export type ScreenPhase = 'connecting' | 'open' | 'off' | 'none'
/** `fit`: as large as there is room. `exact`: pixel for pixel. `follow`: the guest takes the size of the view. */
export type ScreenSize = 'fit' | 'exact' | 'follow'

export interface ScreenWatcher {
  readonly phase: (phase: ScreenPhase) => void
  /** The guest's size in pixels. */
  readonly size: (width: number, height: number) => void
  /** The last picture, as a data: URL. */
  readonly picture: (url: string) => void
}

const pausesMs = [100, 250, 500, 1000, 2000]
/** Between two typed characters: guests in emulation lose keys that come faster. */
const typingPauseMs = 12
const sizeEveryMs = 500
const shiftKey: Key = { keysym: 0xffe1, code: 'ShiftLeft' }

export class ScreenSession {
  readonly #machine: string
  readonly #target: HTMLElement
  readonly #watcher: ScreenWatcher
  #rfb: RFB | undefined
  #size: ScreenSize = 'fit'
  #on = false
  #run = 0

  constructor(machine: string, target: HTMLElement, watcher: ScreenWatcher) {
    this.#machine = machine
    this.#target = target
    this.#watcher = watcher
  }

  get canvas(): HTMLCanvasElement | null {
    return this.#target.querySelector('canvas')
  }

  /** Whether the machine runs. Called as often as one likes. */
  follow(on: boolean): void {
    if (!on) this.#watcher.phase('off')
    if (on === this.#on) return
    this.#on = on
    const run = ++this.#run
    if (on) void this.#stayConnected(run)
    else this.#drop()
  }

  show(size: ScreenSize): void {
    this.#size = size
    if (this.#rfb === undefined) return
    this.#rfb.scaleViewport = size !== 'exact'
    this.#rfb.resizeSession = size === 'follow'
  }

  focus(): void {
    this.#rfb?.focus({ preventScroll: true })
  }

  /** Gives the keyboard back to the window. */
  leave(): void {
    this.#rfb?.blur()
    this.release()
  }

  /** Keys that are down go up in the guest: what happens to them now is not seen here. */
  release(): void {
    if (this.#rfb === undefined) return
    this.#rfb.viewOnly = true
    this.#rfb.viewOnly = false
  }

  /** All down in order, then up in reverse. */
  press(keys: readonly Key[]): void {
    for (const { keysym, code } of keys) this.#rfb?.sendKey(keysym, code, true)
    for (const { keysym, code } of keys.toReversed()) this.#rfb?.sendKey(keysym, code, false)
  }

  /** Types a text as a US keyboard would. Resolves to how many characters it could not type. */
  async type(text: string): Promise<number> {
    let left = 0
    for (const character of text.replaceAll('\r\n', '\n')) {
      const stroke = strokeFor(character)
      if (stroke === undefined) left++
      else this.press(stroke.shift ? [shiftKey, stroke.key] : [stroke.key])
      await new Promise((resolve) => setTimeout(resolve, typingPauseMs))
    }
    return left
  }

  close(): void {
    this.#on = false
    this.#run++
    this.#drop()
  }

  #drop(): void {
    const rfb = this.#rfb
    this.#rfb = undefined
    rfb?.disconnect()
  }

  async #stayConnected(run: number): Promise<void> {
    for (let failures = 0; run === this.#run; ) {
      this.#watcher.phase('connecting')
      try {
        const { ticket } = await engine.console.open({ machine: this.#machine, kind: 'screen' })
        const link = await openStream(ticket)
        if (run !== this.#run) return link.close()
        await this.#show(new ByteChannel(link), () => (failures = 0))
      } catch (error) {
        if (run === this.#run && isMayflyError(error, 'unsupported')) return this.#watcher.phase('none')
      }
      if (run !== this.#run) return
      const pauseMs = pausesMs[Math.min(failures++, pausesMs.length - 1)] ?? 1000
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }

  /** Resolves when the connection has ended, however it ended. */
  #show(channel: ByteChannel, onOpen: () => void): Promise<void> {
    return new Promise((resolve) => {
      const rfb = new RFB(this.#target, channel, { shared: true })
      const canvas = this.canvas
      this.#rfb = rfb
      rfb.background = 'transparent'
      rfb.showDotCursor = true
      // The way is short: what compressing costs, no network saves here.
      rfb.qualityLevel = 9
      rfb.compressionLevel = 0
      this.show(this.#size)
      let seen = ''
      const look = (): void => {
        const size = `${canvas?.width ?? 0} ${canvas?.height ?? 0}`
        if (canvas !== null && size !== seen && canvas.width > 0) this.#watcher.size(canvas.width, canvas.height)
        seen = size
      }
      const timer = setInterval(look, sizeEveryMs)
      rfb.addEventListener('connect', () => {
        onOpen()
        look()
        canvas?.setAttribute('data-console-focus', '')
        this.#watcher.phase('open')
      })
      rfb.addEventListener('disconnect', () => {
        clearInterval(timer)
        if (canvas !== null && canvas.width > 0) this.#watcher.picture(canvas.toDataURL('image/png'))
        if (this.#rfb === rfb) this.#rfb = undefined
        resolve()
      })
      void channel.pump()
    })
  }
}
