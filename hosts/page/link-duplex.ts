/** A byte link as a Node stream, so that it joins any other. */
import { Duplex } from 'node:stream'
import type { ByteLink } from '../../contract/wire/byte-link.ts'

/** Back-pressure goes through: nothing is read from the link before the stream's reader wants it. */
export function linkDuplex(link: ByteLink): Duplex {
  let reading = false
  const stream = new Duplex({
    allowHalfOpen: true,
    highWaterMark: 64 * 1024,
    read() {
      if (reading) return
      reading = true
      link.read().then(
        (bytes) => {
          reading = false
          stream.push(bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
        },
        (error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error))),
      )
    },
    write(chunk: Buffer, _encoding, proceed) {
      link.write(chunk).then(
        () => proceed(),
        (error: unknown) => proceed(error instanceof Error ? error : new Error(String(error))),
      )
    },
    final(done) {
      link.end()
      done()
    },
    destroy(error, done) {
      if (!stream.readableEnded || !stream.writableFinished) link.close()
      done(error)
    },
  })
  void link.over.then((outcome) => {
    if (outcome === 'broken') stream.destroy()
  })
  return stream
}
