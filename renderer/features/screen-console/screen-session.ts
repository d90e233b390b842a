/**
 * One viewer of a machine's screen. It connects again by itself for as long as it is open, and
 * keeps the last picture when the machine goes. What the other side names its screen is not shown.
 */
import { isMayflyError } from '../../../contract/errors.ts'
import { desktopBridge } from '../../client/connect.ts'
import { engine, openStream } from '../../state/connection.ts'
import { ByteChannel } from './byte-channel.ts'
import { strokesFor } from '../../state/layouts.ts'
import type { Key, LayoutName } from '../../state/layouts.ts'
import { mostProvidedBytes } from './plain-clipboard.ts'
import { SharpViewer } from './sharp-viewer.ts'
import type { ScreenSize } from './sharp-viewer.ts'

export type ScreenPhase = 'connecting' | 'open' | 'off' | 'none'

export interface ScreenWatcher {
  readonly phase: (phase: ScreenPhase) => void
  /** The guest's size in pixels. */
  readonly size: (width: number, height: number) => void
  /** The last picture, as a data: URL. */
  readonly picture: (url: string) => void
  /** What somebody copied in the guest; null: it was more than is taken. Told whether or not anybody may have it. */
  readonly clipboard: (text: string | null) => void
}

export interface Typed {
  /** How many characters the layout does not have. */
  readonly leftOut: number
  /** What was not typed any more. */
  readonly rest: string
}

const pausesMs = [100, 250, 500, 1000, 2000]
/** Between two typed characters: guests in emulation lose keys that come faster. */
export const typingPauseMs = 12
const typedBetweenTelling = 10
const sizeEveryMs = 500
const shiftKey: Key = { keysym: 0xffe1, code: 'ShiftLeft' }
const altGrKey: Key = { keysym: 0xfe03, code: 'AltRight' }
/** Characters. What the other side sends was bounded before it was unpacked; this bounds what is kept. */
const longestClipboard = 1024 * 1024

export class ScreenSession {
  readonly #machine: string
  readonly #target: HTMLElement
  readonly #watcher: ScreenWatcher
  #rfb: SharpViewer | undefined
  #size: ScreenSize = 'fit'
  #on = false
  #run = 0
  /** The guest had the keyboard when its screen went: it gets it back, unless somebody took it meanwhile. */
  #hadKeyboard = false

  constructor(machine: string, target: HTMLElement, watcher: ScreenWatcher) {
    this.#machine = machine
    this.#target = target
    // Holds the keyboard while there is no screen, so that what one goes on typing is no shortcut of the page.
    target.tabIndex = -1
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
    if (!on) this.#target.blur()
    const run = ++this.#run
    if (on) void this.#stayConnected(run)
    else this.#drop()
  }

  show(size: ScreenSize): void {
    this.#size = size
    this.#rfb?.refit(size)
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

  /** Types a text as a keyboard of that layout would, until `signal` aborts or this connection ends. */
  async type(text: string, layout: LayoutName, signal: AbortSignal, onProgress: (typed: number) => void): Promise<Typed> {
    const rfb = this.#rfb
    const characters = Array.from(text.replaceAll('\r\n', '\n').normalize('NFC'))
    let leftOut = 0
    for (const [at, character] of characters.entries()) {
      if (signal.aborted || rfb === undefined || rfb !== this.#rfb) return { leftOut, rest: characters.slice(at).join('') }
      if (at % typedBetweenTelling === 0) onProgress(at)
      const strokes = strokesFor(character, layout)
      if (strokes === undefined) leftOut++
      for (const { key, shift, altGr } of strokes ?? []) {
        this.press([...(shift ? [shiftKey] : []), ...(altGr ? [altGrKey] : []), key])
        await new Promise((resolve) => setTimeout(resolve, typingPauseMs))
      }
    }
    return { leftOut, rest: '' }
  }

  /** Puts a text in the guest's clipboard, where its agent takes it and it is not too large for QEMU. */
  offerClipboard(text: string): void {
    if (new TextEncoder().encode(text).length <= mostProvidedBytes) this.#rfb?.clipboardPasteFrom(text)
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
      const rfb = new SharpViewer(this.#target, channel, { shared: true })
      const canvas = this.canvas
      this.#rfb = rfb
      channel.onending = () => (this.#hadKeyboard ||= canvas !== null && document.activeElement === canvas)
      rfb.background = 'transparent'
      rfb.showDotCursor = true
      if (isOnThisComputer()) rfb.goTheShortWay()
      else rfb.compressionLevel = 2
      this.show(this.#size)
      let seen = ''
      const look = (): void => {
        const size = `${canvas?.width ?? 0} ${canvas?.height ?? 0}`
        if (canvas !== null && size !== seen && canvas.width > 0) this.#watcher.size(canvas.width, canvas.height)
        seen = size
      }
      const timer = setInterval(look, sizeEveryMs)
      const density = watchDensity(() => this.show(this.#size))
      rfb.onClipboardTooLarge = () => this.#watcher.clipboard(null)
      rfb.addEventListener('clipboard', (event) => {
        const text: unknown = event instanceof CustomEvent ? (event.detail as { readonly text?: unknown }).text : undefined
        if (typeof text === 'string') this.#watcher.clipboard(text.length > longestClipboard ? null : text)
      })
      rfb.addEventListener('connect', () => {
        onOpen()
        look()
        canvas?.setAttribute('data-console-focus', '')
        if (this.#hadKeyboard && document.activeElement === this.#target) this.focus()
        this.#hadKeyboard = false
        this.#watcher.phase('open')
      })
      rfb.addEventListener('disconnect', () => {
        clearInterval(timer)
        density()
        if (canvas !== null && canvas.width > 0) this.#watcher.picture(canvas.toDataURL('image/png'))
        if (this.#rfb === rfb) this.#rfb = undefined
        if (this.#hadKeyboard && this.#on) this.#target.focus({ preventScroll: true })
        resolve()
      })
      void channel.pump()
    })
  }
}

/** Calls when the page comes to a screen of another density, or is zoomed. Returns what ends it. */
function watchDensity(changed: () => void): () => void {
  const ended = new AbortController()
  const watch = (): void => {
    // Each query asks for one density, and tells once that it is left.
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener('change', () => {
      if (ended.signal.aborted) return
      watch()
      changed()
    }, { once: true, signal: ended.signal })
  }
  watch()
  return () => ended.abort()
}

/** Whether the page is shown where the machine runs. */
function isOnThisComputer(): boolean {
  return desktopBridge() !== undefined || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname)
}
