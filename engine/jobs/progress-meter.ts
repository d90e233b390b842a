/**
 * Turns reports of progress into a fraction, a speed and a time remaining that a person can
 * read: smoothed, so that a cache flush does not make the numbers jump. Uses a clock that never
 * goes back.
 */

/** Seconds over which speed is averaged. */
const smoothingSeconds = 3
/** Reports closer together than this are taken as one: too short to tell a speed. */
const shortestSampleMs = 50

export interface ProgressReading {
  readonly progress: number | null
  readonly bytesPerSecond: number | null
  readonly remainingSeconds: number | null
}

export class ProgressMeter {
  readonly #nowMs: () => number
  #fraction: number | null = null
  #totalBytes: number | null = null
  #speed: number | null = null
  #sampleAtMs: number
  #sampleDone = 0

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
    this.#sampleAtMs = nowMs()
  }

  /** Bytes done of a total. A total of 0 means that it is not known. */
  reportBytes(doneBytes: number, totalBytes: number): void {
    if (this.#totalBytes === null || doneBytes < this.#sampleDone) this.#beginSamples()
    this.#totalBytes = Math.max(0, totalBytes)
    this.#fraction = totalBytes > 0 ? clamp(doneBytes / totalBytes) : null
    this.#sample(doneBytes)
  }

  /** A part of the whole, 0 to 1; null where nobody knows. */
  reportFraction(fraction: number | null): void {
    if (this.#totalBytes !== null || fraction === null || fraction < this.#sampleDone) this.#beginSamples()
    this.#totalBytes = null
    this.#fraction = fraction === null ? null : clamp(fraction)
    if (this.#fraction !== null) this.#sample(this.#fraction)
  }

  read(): ProgressReading {
    const speed = this.#speed
    if (this.#totalBytes !== null) {
      const left = this.#totalBytes > 0 ? Math.max(0, this.#totalBytes - this.#sampleDone) : null
      return { progress: this.#fraction, bytesPerSecond: speed, remainingSeconds: left === null || speed === null || speed <= 0 ? null : left / speed }
    }
    const left = this.#fraction === null ? null : 1 - this.#fraction
    return { progress: this.#fraction, bytesPerSecond: null, remainingSeconds: left === null || speed === null || speed <= 0 ? null : left / speed }
  }

  #beginSamples(): void {
    this.#speed = null
    this.#sampleAtMs = this.#nowMs()
    this.#sampleDone = 0
  }

  #sample(done: number): void {
    const nowMs = this.#nowMs()
    const elapsedMs = nowMs - this.#sampleAtMs
    if (elapsedMs < shortestSampleMs) return
    const rate = (done - this.#sampleDone) / (elapsedMs / 1000)
    const weight = 1 - Math.exp(-elapsedMs / 1000 / smoothingSeconds)
    this.#speed = this.#speed === null ? rate : this.#speed + weight * (rate - this.#speed)
    this.#sampleAtMs = nowMs
    this.#sampleDone = done
  }
}

function clamp(fraction: number): number {
  return Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0
}
