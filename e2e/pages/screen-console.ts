/** The screen console: what it shows is pixels, which are looked at as such. */
import type { Locator, Page } from 'playwright-core'

export interface Look {
  readonly width: number
  readonly height: number
  /** Pixels that are not black. */
  readonly lit: number
  /** Changes with any of them. */
  readonly sum: number
}

/** As far as it is used; these files know no DOM. */
interface CanvasInPage {
  readonly width: number
  readonly height: number
  getContext(kind: '2d'): { getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray } }
}

export class ScreenConsole {
  readonly region: Locator
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
    this.region = page.getByRole('region', { name: /^Screen of/ })
  }

  /** What a person points at: the guest's picture. */
  get picture(): Locator {
    return this.region.locator('canvas')
  }

  get says(): Locator {
    return this.region.getByRole('status')
  }

  async look(): Promise<Look> {
    return this.picture.evaluate((canvas: CanvasInPage) => {
      const { width, height } = canvas
      const { data } = canvas.getContext('2d').getImageData(0, 0, width, height)
      let lit = 0
      let sum = 0
      for (let at = 0; at < data.length; at += 4) {
        const light = (data[at] ?? 0) + (data[at + 1] ?? 0) + (data[at + 2] ?? 0)
        if (light > 60) lit++
        sum = (sum * 31 + light) >>> 0
      }
      return { width, height, lit, sum }
    })
  }

  /** Types as a person does who has clicked into the picture. */
  async type(line: string): Promise<void> {
    await this.picture.click()
    await this.#page.keyboard.type(line, { delay: 30 })
    await this.#page.keyboard.press('Enter')
  }
}
