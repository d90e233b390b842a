/** Counts the pictures a canvas gets, and how long the first one after a key took. For those who ask. */

export interface FrameFigures {
  readonly framesPerSecond: number
  /** From the last key press to the next picture; undefined before any. */
  readonly keyToPictureMs: number | undefined
}

const everyMs = 1000

export class FrameMeter {
  readonly #canvas: HTMLCanvasElement
  readonly #drawing: CanvasRenderingContext2D | null
  readonly #timer: ReturnType<typeof setInterval>
  #frames = 0
  #keyAtMs: number | undefined
  #keyToPictureMs: number | undefined

  constructor(canvas: HTMLCanvasElement, onFigures: (figures: FrameFigures) => void) {
    this.#canvas = canvas
    this.#drawing = canvas.getContext('2d')
    const drawing = this.#drawing
    if (drawing !== null) {
      // Every update ends in one drawImage from the hidden picture to the shown one.
      const draw = CanvasRenderingContext2D.prototype.drawImage.bind(drawing) as (...what: unknown[]) => void
      Object.defineProperty(drawing, 'drawImage', {
        configurable: true,
        value: (...what: unknown[]) => {
          this.#drawn()
          draw(...what)
        },
      })
    }
    canvas.addEventListener('keydown', this.#pressed, { capture: true })
    this.#timer = setInterval(() => {
      onFigures({ framesPerSecond: Math.round((this.#frames * 1000) / everyMs), keyToPictureMs: this.#keyToPictureMs })
      this.#frames = 0
    }, everyMs)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#canvas.removeEventListener('keydown', this.#pressed, { capture: true })
    if (this.#drawing !== null) Reflect.deleteProperty(this.#drawing, 'drawImage')
  }

  readonly #pressed = (): void => {
    this.#keyAtMs = performance.now()
  }

  #drawn(): void {
    this.#frames++
    if (this.#keyAtMs === undefined) return
    this.#keyToPictureMs = Math.round(performance.now() - this.#keyAtMs)
    this.#keyAtMs = undefined
  }
}
