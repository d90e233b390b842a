/** Films a canvas as WebM until it is stopped, or is as large as a page should hold in memory. */
const framesPerSecond = 30
/** Only what is drawn is filmed: of a screen that rests, this often. */
const stillEveryMs = 1000
/** Half an hour of a screen that moves; one that rests takes little. Bytes. */
export const mostFilmBytes = 512 * 1024 * 1024

export class Recorder {
  readonly #recorder: MediaRecorder
  readonly #stream: MediaStream
  readonly #parts: Blob[] = []
  readonly #still: ReturnType<typeof setInterval>
  #bytes = 0

  /** Throws where the browser cannot film. `isFull`: it ended because it may not grow further. */
  constructor(canvas: HTMLCanvasElement, onFilm: (film: Blob, isFull: boolean) => void) {
    this.#stream = canvas.captureStream(framesPerSecond)
    this.#recorder = new MediaRecorder(this.#stream, { mimeType: 'video/webm' })
    this.#recorder.addEventListener('dataavailable', ({ data }) => {
      this.#parts.push(data)
      this.#bytes += data.size
      if (this.#bytes > mostFilmBytes) this.stop()
    })
    this.#recorder.addEventListener('stop', () => {
      clearInterval(this.#still)
      for (const track of this.#stream.getTracks()) track.stop()
      onFilm(new Blob(this.#parts, { type: 'video/webm' }), this.#bytes > mostFilmBytes)
    })
    this.#recorder.start(1000)
    drawAnew(canvas)
    this.#still = setInterval(() => drawAnew(canvas), stillEveryMs)
  }

  stop(): void {
    if (this.#recorder.state !== 'inactive') this.#recorder.stop()
  }
}

/** One pixel as it is: to the browser the canvas has changed. */
function drawAnew(canvas: HTMLCanvasElement): void {
  const context = canvas.getContext('2d')
  if (context !== null && canvas.width > 0 && canvas.height > 0) context.putImageData(context.getImageData(0, 0, 1, 1), 0, 0)
}
