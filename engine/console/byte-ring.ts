/** The newest bytes of an endless stream, each at an offset that only grows. Memory is taken as it fills. */

const firstCapacityBytes = 16 * 1024

export class ByteRing {
  readonly #mostBytes: number
  #bytes: Buffer
  #end = 0
  #start = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
    this.#bytes = Buffer.allocUnsafe(Math.min(firstCapacityBytes, mostBytes))
  }

  /** Offset of the oldest byte that is kept. */
  get start(): number {
    return this.#start
  }

  /** Offset after the newest byte. */
  get end(): number {
    return this.#end
  }

  push(chunk: Buffer): void {
    this.#growFor(this.#end - this.#start + chunk.length)
    const capacity = this.#bytes.length
    const kept = chunk.length > capacity ? chunk.subarray(chunk.length - capacity) : chunk
    const at = (this.#end + chunk.length - kept.length) % capacity
    const first = Math.min(kept.length, capacity - at)
    kept.copy(this.#bytes, at, 0, first)
    kept.copy(this.#bytes, 0, first)
    this.#end += chunk.length
    this.#start = Math.max(this.#start, this.#end - capacity)
  }

  /** A copy of up to `mostBytes` from `offset`, which must not lie before `start`. */
  read(offset: number, mostBytes: number): Buffer {
    const length = Math.max(0, Math.min(mostBytes, this.#end - offset))
    const result = Buffer.allocUnsafe(length)
    const at = offset % this.#bytes.length
    const first = Math.min(length, this.#bytes.length - at)
    this.#bytes.copy(result, 0, at, at + first)
    this.#bytes.copy(result, first, 0, length - first)
    return result
  }

  #growFor(neededBytes: number): void {
    if (neededBytes <= this.#bytes.length || this.#bytes.length === this.#mostBytes) return
    const kept = this.read(this.#start, this.#end - this.#start)
    let capacity = this.#bytes.length
    while (capacity < neededBytes && capacity < this.#mostBytes) capacity = Math.min(capacity * 2, this.#mostBytes)
    this.#bytes = Buffer.allocUnsafe(capacity)
    const at = this.#start % capacity
    const first = Math.min(kept.length, capacity - at)
    kept.copy(this.#bytes, at, 0, first)
    kept.copy(this.#bytes, 0, first)
  }
}
