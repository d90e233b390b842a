/**
 * A clipboard's text as QEMU takes it. noVNC 1.7.0 sends what the protocol asks for (rfbproto,
 * Extended Clipboard): lines that end in CR LF, and a NUL behind; QEMU (7.2 to 10.0, ui/vnc-clipboard.c)
 * hands both to the guest as they are, where they are pasted. So the text is sent bare.
 */

const textFormat = 1
const provideAction = 1 << 28
/** QEMU ends a connection that sends more (ui/vnc.c, `protocol_client_msg`: 1 MiB); the rest is what stands around the text. */
export const mostProvidedBytes = 1_000_000

const storedBlockBytes = 0xffff

/** An extended `provide` message's content: flags, then the text and its length as zlib wants them (RFC 1950, 1951), not compressed. */
export function provideMessage(text: string): Uint8Array<ArrayBuffer> {
  const utf8 = new TextEncoder().encode(text)
  const content = new Uint8Array(4 + utf8.length)
  new DataView(content.buffer).setUint32(0, utf8.length)
  content.set(utf8, 4)

  const blocks = Math.ceil(content.length / storedBlockBytes)
  const message = new Uint8Array(4 + 2 + blocks * 5 + content.length + 4)
  const view = new DataView(message.buffer)
  view.setUint32(0, provideAction | textFormat)
  // Deflate, whose window is of no account here; the second byte makes a multiple of 31.
  view.setUint16(4, 0x7801)
  let at = 6
  for (let block = 0; block < blocks; block++) {
    const piece = content.subarray(block * storedBlockBytes, (block + 1) * storedBlockBytes)
    view.setUint8(at, block === blocks - 1 ? 1 : 0)
    view.setUint16(at + 1, piece.length, true)
    view.setUint16(at + 3, ~piece.length & 0xffff, true)
    message.set(piece, at + 5)
    at += 5 + piece.length
  }
  view.setUint32(at, adler32(content))
  return message
}

function adler32(bytes: Uint8Array): number {
  let [low, high] = [1, 0]
  for (const byte of bytes) {
    low = (low + byte) % 65_521
    high = (high + low) % 65_521
  }
  return ((high << 16) | low) >>> 0
}
