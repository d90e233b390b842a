/**
 * Pictures as they are, for screens on this very computer: what packing and unpacking a whole screen
 * takes, no wire saves here. noVNC draws them row by row (1.7.0, core/decoders/raw.js), eight
 * hundred times for one picture; these go in whatever has come, at once.
 */

/** As much of noVNC's socket and display as a decoder is handed. */
interface Incoming {
  rQwait(what: string, bytes: number): boolean
  rQshiftBytes(bytes: number, copy: boolean): Uint8Array
}

interface Shown {
  blitImage(x: number, y: number, width: number, height: number, pixels: Uint8Array, offset: number): void
}

/** RFC 6143, 7.7.1. */
export const rawEncoding = 0
const bytesPerPixel = 4

export class RawRows {
  #rowsLeft = 0

  /** True when the rectangle is all there; false where more must come first. Pixels have 32 bits. */
  decodeRect(x: number, y: number, width: number, height: number, socket: Incoming, display: Shown): boolean {
    if (width === 0 || height === 0) return true
    if (this.#rowsLeft === 0) this.#rowsLeft = height
    while (this.#rowsLeft > 0) {
      let rows = this.#rowsLeft
      while (rows > 1 && socket.rQwait('pixels', rows * width * bytesPerPixel)) rows >>= 1
      if (socket.rQwait('pixels', rows * width * bytesPerPixel)) return false
      const pixels = socket.rQshiftBytes(rows * width * bytesPerPixel, false)
      // The fourth byte is no transparency, though a canvas takes it for one.
      for (let at = 3; at < pixels.length; at += bytesPerPixel) pixels[at] = 255
      display.blitImage(x, y + height - this.#rowsLeft, width, rows, pixels, 0)
      this.#rowsLeft -= rows
    }
    return true
  }
}
