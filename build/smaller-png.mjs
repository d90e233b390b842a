/**
 * Makes a picture of a window small: at most 256 colours, which is all a calm window needs. A
 * window has few colours and the shades between letters and ground; rare shades become the
 * nearest frequent one. Knows the PNGs browsers take of themselves: 8 bits, RGB or RGBA, not
 * interlaced (ISO/IEC 15948).
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const coloursAtMost = 256

/**
 * @param {Buffer} png
 * @returns {Buffer}
 */
export function smallerPng(png) {
  const { width, height, pixels } = decode(png)
  /** @type {Map<number, number>} */
  const counts = new Map()
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1)
  const palette = choosePalette(counts)
  const places = new Map(palette.map((colour, index) => [colour, index]))
  for (const colour of counts.keys()) if (!places.has(colour)) places.set(colour, nearest(palette, colour))
  const rows = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = places.get(pixels[y * width + x] ?? 0) ?? 0
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 0xff, colour & 0xff]))
  return Buffer.concat([signature, chunk('IHDR', header), chunk('PLTE', colours), chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })), chunk('IEND', Buffer.alloc(0))])
}

/**
 * Half of it are the most frequent colours, the others those which would be missed most: the red of
 * one small mark counts for more than a hundred shades of grey.
 * @param {ReadonlyMap<number, number>} counts
 */
function choosePalette(counts) {
  const byCount = [...counts].toSorted((a, b) => b[1] - a[1])
  const palette = byCount.slice(0, coloursAtMost / 2).map(([colour]) => colour)
  const left = byCount.slice(coloursAtMost / 2).map(([colour, count]) => ({ colour, weight: Math.sqrt(count), away: distance(colour, palette[nearest(palette, colour)] ?? 0) }))
  while (palette.length < coloursAtMost && left.length > 0) {
    const missed = left.reduce((worst, one) => (one.away * one.weight > worst.away * worst.weight ? one : worst))
    if (missed.away === 0) break
    palette.push(missed.colour)
    for (const one of left) one.away = Math.min(one.away, distance(one.colour, missed.colour))
  }
  return palette
}

/**
 * @param {number} a
 * @param {number} b
 */
function distance(a, b) {
  const [r, g, bl] = [(a >> 16) - (b >> 16), ((a >> 8) & 0xff) - ((b >> 8) & 0xff), (a & 0xff) - (b & 0xff)]
  return r * r + g * g + bl * bl
}

/**
 * @param {readonly number[]} palette
 * @param {number} colour
 */
function nearest(palette, colour) {
  let best = 0
  let least = Infinity
  for (const [index, candidate] of palette.entries()) {
    const away = distance(candidate, colour)
    if (away < least) [best, least] = [index, away]
  }
  return best
}

/** @param {Buffer} png */
function decode(png) {
  const [width, height, colourType] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25]]
  const channels = colourType === 6 ? 4 : 3
  /** @type {Buffer[]} */
  const data = []
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + length))
    at += length + 12
  }
  const raw = inflateSync(Buffer.concat(data))
  const stride = width * channels
  const lines = Buffer.alloc(height * stride)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)] ?? 0
    for (let x = 0; x < stride; x++) {
      const left = x < channels ? 0 : (lines[y * stride + x - channels] ?? 0)
      const up = y === 0 ? 0 : (lines[(y - 1) * stride + x] ?? 0)
      const upLeft = y === 0 || x < channels ? 0 : (lines[(y - 1) * stride + x - channels] ?? 0)
      lines[y * stride + x] = (raw[y * (stride + 1) + 1 + x] ?? 0) + ([0, left, up, (left + up) >> 1, paeth(left, up, upLeft)][filter] ?? 0)
    }
  }
  const pixels = new Uint32Array(width * height)
  for (let index = 0; index < pixels.length; index++) pixels[index] = lines.readUIntBE(index * channels, 3)
  return { width, height, pixels }
}

/**
 * The predictor of filter 4.
 * @param {number} a
 * @param {number} b
 * @param {number} c
 */
function paeth(a, b, c) {
  const p = a + b - c
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)]
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c
}

/**
 * @param {string} type
 * @param {Buffer} data
 */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
