import { Buffer } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { encodeFrame, FrameReader, frameTypes, MalformedFrameError, maxFrameBytes, maxPayloadBytes, nonceBytes, protocolVersion } from './protocol.ts'

test('frames are cut out of any splitting of the stream', () => {
  const frames = [encodeFrame(frameTypes.stdout, 7, Buffer.from('hello')), encodeFrame(frameTypes.exit, 7), encodeFrame(frameTypes.stderr, 8, Buffer.alloc(300, 1))]
  const bytes = Buffer.concat(frames)
  for (const size of [1, 2, 15, 16, 17, 300, bytes.length]) {
    const reader = new FrameReader()
    const seen: string[] = []
    for (let at = 0; at < bytes.length; at += size) {
      for (const frame of reader.push(bytes.subarray(at, at + size))) seen.push(`${frame.type} ${frame.session} ${frame.payload.length}`)
    }
    expect(seen).toEqual(['67 7 5', '70 7 0', '68 8 300'])
  }
})

test('a wrong magic, a wrong end mark and a length beyond the limit are refused', () => {
  const wrongMagic = encodeFrame(frameTypes.stdout, 1, Buffer.from('x'))
  wrongMagic.writeUInt8(0, 0)
  const wrongEnd = encodeFrame(frameTypes.stdout, 1, Buffer.from('x'))
  wrongEnd.writeUInt8(0, wrongEnd.length - 1)
  const tooLong = encodeFrame(frameTypes.stdout, 1)
  tooLong.writeUInt32LE(maxPayloadBytes + 1, 12)
  for (const bytes of [wrongMagic, wrongEnd, tooLong]) expect(() => new FrameReader().push(bytes)).toThrow(MalformedFrameError)
})

test('the helper\'s header repeats these numbers', async () => {
  const header = await readFile(new URL('../../../native/guest-exec/protocol.h', import.meta.url), 'utf8')
  const inC: Record<string, number> = Object.fromEntries([...header.matchAll(/FRAME_([A-Z_]+) = (\d+)/g)].map(([, name, value]) => [name?.toLowerCase().replaceAll('_', '') ?? '', Number(value)]))
  expect(inC).toEqual(Object.fromEntries(Object.entries(frameTypes).map(([name, value]) => [name.toLowerCase(), value])))
  expect(header).toContain(`PROTOCOL_VERSION ${protocolVersion}u`)
  expect(header).toContain(`MAX_PAYLOAD_BYTES ${maxPayloadBytes}u`)
  expect(header).toContain(`NONCE_BYTES ${nonceBytes}u`)
  expect(maxFrameBytes).toBe(16 + maxPayloadBytes + 4)
})
