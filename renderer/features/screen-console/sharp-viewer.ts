/**
 * noVNC's viewer, made to know the pixels of the screen it is on, and to bound what a guest puts in
 * the clipboard. Both are beyond its API (1.7.0, core/rfb.js): it takes a CSS pixel for a pixel,
 * which at 125 % blurs, and inflates any clipboard it is sent. So methods of its own are overridden;
 * the version is pinned, and e2e/specs/consoles.window.test.ts tells when another behaves otherwise.
 */
import RFB from '@novnc/novnc'
import { provideMessage } from './plain-clipboard.ts'
import { RawRows, rawEncoding } from './raw-rows.ts'

export type ScreenSize = 'fit' | 'exact' | 'follow'

/** Compressed; deflate makes at most about a thousand times as much of it. */
const mostClipboardBytes = 64 * 1024
const cutTextHeaderBytes = 7
/** Guests have sizes in steps: a mode's width is a multiple of 8 (VESA CVT), and a little less than the room is as good as all of it. */
const followsWithin = 16

RFB.messages.extendedClipboardProvide = (socket, _formats, [text = '']) => RFB.messages.clientCutText(socket, provideMessage(text), true)

export class SharpViewer extends RFB {
  /** No class field has a value while the constructor of RFB runs. */
  size: ScreenSize | undefined
  asksForSize: boolean | undefined
  wantsRaw: boolean | undefined
  onClipboardTooLarge: (() => void) | undefined

  /** Takes the size, or the screen's other density, into account. */
  refit(size: ScreenSize): void {
    this.size = size
    this.resizeSession = size === 'follow'
    // Setting it computes the scale anew.
    this.scaleViewport = size !== 'exact'
  }

  /** The guest's machine and the screen are one: pictures come unpacked, and are asked for early. Must be called before it is connected. */
  goTheShortWay(): void {
    this.wantsRaw = true
    this._decoders[rawEncoding] = new RawRows()
  }

  /**
   * The next picture is asked for when this one begins to come. QEMU looks at the screen every 30 ms, but
   * where a viewer has not asked by then, only after 80 ms, then 130 (ui/vnc.c, vnc_refresh). It keeps one
   * picture waiting at most, so this falls no further behind. noVNC asks once more when it is whole.
   */
  protected override _framebufferUpdate(): boolean {
    const isNew = this._FBU.rects === 0
    const whole = super._framebufferUpdate()
    if (this.wantsRaw === true && isNew && !whole && this._FBU.rects > 0) RFB.messages.fbUpdateRequest(this._sock, true, 0, 0, this._fbWidth, this._fbHeight)
    return whole
  }

  /** What a viewer names first, QEMU takes (ui/vnc.c, set_encodings). */
  protected override _sendEncodings(): void {
    const { clientEncodings } = RFB.messages
    if (this.wantsRaw === true) RFB.messages.clientEncodings = (sock, encodings) => clientEncodings(sock, [rawEncoding, ...encodings.filter((encoding) => encoding !== rawEncoding)])
    super._sendEncodings()
    RFB.messages.clientEncodings = clientEncodings
  }

  protected override _updateScale(): void {
    super._updateScale()
    if (this.size === 'exact' || (this.size === 'follow' && this.#fillsRoom())) this._display.scale = 1 / devicePixelRatio
  }

  protected override _requestRemoteResize(): void {
    this.asksForSize = true
    try {
      super._requestRemoteResize()
    } finally {
      this.asksForSize = false
    }
  }

  /** Of the room: in CSS pixels, but what a guest is asked for is in pixels of the screen. */
  protected override _screenSize(): { w: number; h: number } {
    const { w, h } = super._screenSize()
    return this.asksForSize === true ? { w: w * devicePixelRatio, h: h * devicePixelRatio } : { w, h }
  }

  protected override _handleServerCutText(): boolean {
    if (this._sock.rQwait('clipboard', cutTextHeaderBytes, 1)) return false
    const header = this._sock.rQpeekBytes(cutTextHeaderBytes)
    // Negative where it is the extended kind.
    const bytes = Math.abs(new DataView(header.buffer, header.byteOffset, header.byteLength).getInt32(3))
    if (bytes <= mostClipboardBytes) return super._handleServerCutText()
    if (this._sock.rQwait('clipboard', cutTextHeaderBytes + bytes, 1)) return false
    this._sock.rQskipBytes(cutTextHeaderBytes + bytes)
    this.onClipboardTooLarge?.()
    return true
  }

  #fillsRoom(): boolean {
    const { w, h } = super._screenSize()
    const left = [w * devicePixelRatio - this._fbWidth, h * devicePixelRatio - this._fbHeight]
    return left.every((pixels) => pixels > -1 && pixels < followsWithin)
  }
}
