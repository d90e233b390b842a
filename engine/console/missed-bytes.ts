/**
 * Joins what a log tells with what a socket delivered. QEMU writes the same bytes to both, but
 * the socket begins somewhere within the log, and either may be a little ahead of the other.
 */

const furthestApartBytes = 64 * 1024
/**
 * Only so many bytes are compared: while its socket is full, QEMU (seen with 7.2.22) logs a byte
 * again each time it tries to send it, so the log of a flooding guest is not quite what was sent.
 */
const comparedBytes = 64

/**
 * How many bytes of `logged` come before `received` begins. The two overlap so that they end as
 * near to each other as their content allows; where nothing fits, all of `logged` comes before.
 */
export function countMissedBytes(logged: Buffer, received: Buffer): number {
  if (received.length === 0) return logged.length
  const likely = logged.length - received.length
  for (let apart = 0; apart <= furthestApartBytes; apart += 1) {
    for (const at of apart === 0 ? [likely] : [likely + apart, likely - apart]) {
      if (at >= 0 && at < logged.length && fits(logged, received, at)) return at
    }
  }
  return logged.length
}

function fits(logged: Buffer, received: Buffer, at: number): boolean {
  const length = Math.min(logged.length - at, received.length, comparedBytes)
  return logged[at] === received[0] && logged.compare(received, 0, length, at, at + length) === 0
}
