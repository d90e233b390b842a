import { expect, test } from 'vitest'
import { redactMessage } from './redact.ts'

const redact = (message: unknown): unknown => JSON.parse(redactMessage(JSON.stringify(message), message))

test('replaces secrets and keeps everything else', () => {
  expect(redact({ execute: 'object-add', arguments: { 'qom-type': 'secret', id: 'luks0', data: 'hunter2' }, id: '1' })).toEqual({
    execute: 'object-add',
    arguments: { 'qom-type': 'secret', id: 'luks0', data: '[redacted]' },
    id: '1',
  })
  expect(redact({ execute: 'set_password', arguments: { protocol: 'vnc', password: 'hunter2' } })).toEqual({
    execute: 'set_password',
    arguments: { protocol: 'vnc', password: '[redacted]' },
  })
  expect(redact({ execute: 'send-key', arguments: { keys: [{ type: 'qcode', data: 'h' }], 'hold-time': 5 } })).toEqual({
    execute: 'send-key',
    arguments: { keys: '[redacted]', 'hold-time': 5 },
  })
  expect(redact({ execute: 'human-monitor-command', arguments: { 'command-line': 'set_password vnc hunter2' } })).toEqual({
    execute: 'human-monitor-command',
    arguments: { 'command-line': 'set_password [redacted]' },
  })
  expect(redact({ execute: 'guest-set-user-password', arguments: { username: 'root', password: 'aHVudGVyMg==' } })).toEqual({
    execute: 'guest-set-user-password',
    arguments: { username: 'root', password: '[redacted]' },
  })
})

test('finds secrets inside of lists', () => {
  const message = { execute: 'transaction', arguments: { actions: [{ data: { password: 'hunter2' } }] } }
  expect(redact(message)).toEqual({ execute: 'transaction', arguments: { actions: [{ data: { password: '[redacted]' } }] } })
})

test('leaves a message without secrets as it was written', () => {
  const line = '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}'
  expect(redactMessage(line, JSON.parse(line))).toBe(line)
  const blockdev = { execute: 'blockdev-add', arguments: { driver: 'luks', 'key-secret': 'luks0', file: 'disk0' } }
  expect(redact(blockdev)).toEqual(blockdev)
})
