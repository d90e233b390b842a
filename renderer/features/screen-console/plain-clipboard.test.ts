import { expect, test } from 'vitest'
import { provideMessage } from './plain-clipboard.ts'

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<DataView> {
  return new DataView(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))).arrayBuffer())
}

test.each(['', 'one\ntwo ß 東京', 'x'.repeat(70_000), 'y'.repeat(65_531)])('zlib reads it back, with its length before it and nothing added (%#)', async (text) => {
  const message = provideMessage(text)
  expect(new DataView(message.buffer).getUint32(0)).toBe(0x1000_0001)
  const content = await inflate(message.slice(4))
  const utf8 = new TextEncoder().encode(text)
  expect([content.getUint32(0), new TextDecoder().decode(new Uint8Array(content.buffer, 4))]).toEqual([utf8.length, text])
})
