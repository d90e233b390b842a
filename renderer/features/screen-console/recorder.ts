/** Films a canvas as WebM until it is stopped. */
const framesPerSecond = 30

export class Recorder {
  readonly #recorder: MediaRecorder
  readonly #stream: MediaStream
  readonly #parts: Blob[] = []

  constructor(canvas: HTMLCanvasElement, onFilm: (film: Blob) => void) {
    this.#stream = canvas.captureStream(framesPerSecond)
    this.#recorder = new MediaRecorder(this.#stream, { mimeType: 'video/webm' })
    this.#recorder.addEventListener('dataavailable', ({ data }) => this.#parts.push(data))
    this.#recorder.addEventListener('stop', () => {
      for (const track of this.#stream.getTracks()) track.stop()
      onFilm(new Blob(this.#parts, { type: 'video/webm' }))
    })
    this.#recorder.start(1000)
  }

  stop(): void {
    if (this.#recorder.state !== 'inactive') this.#recorder.stop()
  }
}
