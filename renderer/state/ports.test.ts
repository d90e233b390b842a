import { expect, test } from 'vitest'
import { parseListen, parsePort } from './ports.ts'

test.each([['80', 80], [' 65535 ', 65_535], ['0', undefined], ['65536', undefined], ['-1', undefined], ['8e3', undefined], ['', undefined]])('%j is port %j', (text, port) => {
  expect(parsePort(text)).toBe(port)
})

test.each([
  ['8080', { hostAddress: '127.0.0.1', hostPort: 8080 }], ['0.0.0.0:80', { hostAddress: '0.0.0.0', hostPort: 80 }],
  ['1.2.3:80', undefined], ['1.2.3.256:80', undefined], ['127.0.0.1:', undefined], ['host:80', undefined], ['01.2.3.4:80', undefined], ['', undefined],
])('%j listens at %j', (text, listen) => {
  expect(parseListen(text)).toEqual(listen)
})
