/** Joins two byte streams into one, whichever side is faster, and takes both down together. */
import type { Duplex } from 'node:stream'

/**
 * Carries bytes both ways with back-pressure. The end of one side ends only that direction; the
 * other goes on. A side that breaks or goes away takes the other with it. Never throws: what
 * broke is for the owner of that stream to know.
 */
export function joinStreams(one: Duplex, other: Duplex): void {
  for (const [from, to] of [[one, other], [other, one]] as const) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    // A stream that ended and was finished closes by itself; the other then has everything and ends too.
    from.on('close', () => {
      if (!from.readableEnded || !from.writableFinished) to.destroy()
    })
  }
}
