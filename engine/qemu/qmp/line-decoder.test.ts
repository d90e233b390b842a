import { expect, test } from 'vitest'
import { LineDecoder, QmpGarbageError } from './line-decoder.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

test('finds the lines of a stream, however it is cut', () => {
  const text = '{"a":"é€😀"}\r\n{"b":1}\n\r\n\n{"c":2}\r\n{"rest"'
  const whole = Buffer.from(text)
  for (let size = 1; size <= whole.length; size += 1) {
    const decoder = new LineDecoder(1000)
    const lines: string[] = []
    for (let start = 0; start < whole.length; start += size) lines.push(...decoder.push(whole.subarray(start, start + size)))
    expect(lines).toEqual(['{"a":"é€😀"}', '{"b":1}', '{"c":2}'])
    expect(decoder.heldBytes).toBe('{"rest"'.length)
  }
})

test('a line may be as long as the limit and no longer, ended or not', () => {
  expect(new LineDecoder(4).push(bytes('1234\n'))).toEqual(['1234'])
  expect(() => new LineDecoder(4).push(bytes('12345'))).toThrow(QmpGarbageError)
  const decoder = new LineDecoder(4)
  decoder.push(bytes('123'))
  expect(() => decoder.push(bytes('45\n'))).toThrow(QmpGarbageError)
})
