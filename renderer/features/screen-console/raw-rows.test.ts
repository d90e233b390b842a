import { expect, test } from 'vitest'
import { RawRows } from './raw-rows.ts'

/** A socket that has so many bytes at a time; each is its own place, so that what is shown tells where it came from. */
function incoming(whole: Uint8Array) {
  let [at, there] = [0, 0]
  return {
    come: (bytes: number) => (there = Math.min(whole.length, there + bytes)),
    rQwait: (_what: string, bytes: number) => there - at < bytes,
    rQshiftBytes: (bytes: number) => whole.subarray(at, (at += bytes)),
  }
}

test.each([1, 7, 12, 25, 1000])('a rectangle is whole, opaque and in order, %i bytes at a time', (bytesAtOnce) => {
  const [width, height] = [3, 5]
  const sent = Uint8Array.from({ length: width * height * 4 }, (_, index) => index)
  const socket = incoming(sent.slice())
  const shown = new Map<number, number[]>()
  const display = {
    blitImage: (x: number, y: number, columns: number, rows: number, pixels: Uint8Array) => {
      expect([x, columns, pixels.length]).toEqual([10, width, columns * rows * 4])
      for (let row = 0; row < rows; row++) shown.set(y + row, [...pixels.subarray(row * columns * 4, (row + 1) * columns * 4)])
    },
  }
  const decoder = new RawRows()
  while (!decoder.decodeRect(10, 20, width, height, socket, display)) socket.come(bytesAtOnce)
  const opaque = sent.map((value, index) => (index % 4 === 3 ? 255 : value))
  expect([...shown.keys()].sort((a, b) => a - b)).toEqual([20, 21, 22, 23, 24])
  expect([...shown].sort(([a], [b]) => a - b).flatMap(([, row]) => row)).toEqual([...opaque])
})

test('a rectangle of nothing is there at once', () => {
  const nothing = { rQwait: () => true, rQshiftBytes: () => new Uint8Array() }
  expect(new RawRows().decodeRect(0, 0, 0, 5, nothing, { blitImage: () => undefined })).toBe(true)
})
