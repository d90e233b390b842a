import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectQmp } from './connect-qmp.ts'
import type { QmpClient } from './qmp-client.ts'
import { greeting, startScriptedPeer } from './scripted-peer.ts'
import type { PeerConnection, ScriptedPeer } from './scripted-peer.ts'

let peer: ScriptedPeer
beforeEach(async () => {
  peer = await startScriptedPeer()
})
afterEach(() => peer.close())

async function connected(): Promise<{ client: QmpClient; connection: PeerConnection }> {
  const [client, connection] = await Promise.all([connectQmp(peer.path), peer.greet()])
  return { client, connection }
}

function code(expected: string, details: object = {}): unknown {
  const having: unknown = expect.objectContaining(details)
  return expect.objectContaining({ code: expected, details: having })
}

test('negotiates, then answers by id, whatever the order and however the bytes are cut', async () => {
  const { client, connection } = await connected()
  expect(await client.greeted).toEqual({ version: { major: 7, minor: 2, micro: 22, package: 'scripted' }, capabilities: ['oob'] })
  const answers = Promise.all([client.execute('query-name'), client.execute('query-uuid')])
  const first = await connection.nextCommand()
  const second = await connection.nextCommand()
  expect([first.execute, second.execute]).toEqual(['query-name', 'query-uuid'])
  const bytes = Buffer.from(`{"return": {"UUID": "é"}, "id": "${second.id}"}\r\n{"return": {"name": "a"}, "id": "${first.id}"}\r\n`)
  for (const byte of bytes) connection.send(Uint8Array.of(byte))
  expect(await answers).toEqual([{ name: 'a' }, { UUID: 'é' }])
  client.close()
  expect(await client.closed).toEqual({ kind: 'closed' })
})

test('an answer with a foreign id settles nothing', async () => {
  const { client, connection } = await connected()
  const answer = client.execute('query-name')
  const { id } = await connection.nextCommand()
  connection.sendMessages({ return: { name: 'no id' } }, { return: { name: 'number' }, id: 1 }, { return: { name: 'old' }, id: 'aaaaaaaaaaaa-2' }, { return: { name: 'right' }, id })
  expect(await answer).toEqual({ name: 'right' })
  client.close()
})

test('an error of QEMU carries its class and its words', async () => {
  const { client, connection } = await connected()
  const answer = client.execute('system_reset')
  const { id } = await connection.nextCommand()
  connection.sendMessages({ error: { class: 'CommandNotFound', desc: 'no such thing' }, id })
  await expect(answer).rejects.toEqual(code('qmp-failed', { command: 'system_reset', qmpClass: 'CommandNotFound', description: 'no such thing' }))
  client.close()
})

test('a call that takes too long or is cancelled gives up, and its late answer disturbs nobody', async () => {
  const { client, connection } = await connected()
  const slow = client.execute('stop', undefined, { timeoutMs: 1 })
  await expect(slow).rejects.toEqual(code('timeout', { waitedMs: 1 }))
  const cancel = new AbortController()
  const given = client.execute('cont', undefined, { signal: cancel.signal })
  const [slowCommand, givenCommand] = [await connection.nextCommand(), await connection.nextCommand()]
  cancel.abort()
  await expect(given).rejects.toEqual(code('cancelled'))
  await expect(client.execute('cont', undefined, { signal: cancel.signal })).rejects.toEqual(code('cancelled'))
  const answer = client.execute('query-name')
  const { id, execute } = await connection.nextCommand()
  expect(execute).toBe('query-name')
  connection.sendMessages({ return: {}, id: slowCommand.id }, { return: {}, id: givenCommand.id }, { return: { name: 'a' }, id })
  expect(await answer).toEqual({ name: 'a' })
  client.close()
})

test('the end of the connection rejects every call and every wait, and later ones too', async () => {
  const { client, connection } = await connected()
  const calls = [client.execute('stop'), client.execute('cont'), client.waitForEvent('STOP')].map((call) => call.catch((error: unknown) => error))
  await connection.nextCommand()
  connection.send('{"return": {}, "id"')
  connection.end()
  expect(await Promise.all(calls)).toEqual([code('qmp-interrupted', { command: 'stop' }), code('qmp-interrupted', { command: 'cont' }), code('qmp-interrupted')])
  expect(await client.closed).toEqual({ kind: 'ended' })
  await expect(client.execute('stop')).rejects.toEqual(code('qmp-interrupted'))
  await expect(client.waitForEvent('STOP')).rejects.toEqual(code('qmp-interrupted'))
})

test('what came right before the end still counts', async () => {
  const { client, connection } = await connected()
  const seen: string[] = []
  client.onAny(({ event }) => seen.push(event))
  const answer = client.execute('quit')
  const { id } = await connection.nextCommand()
  connection.sendMessages({ return: {}, id }, { event: 'SHUTDOWN', data: { guest: false, reason: 'host-qmp-quit' }, timestamp: { seconds: 5, microseconds: 500_000 } })
  connection.end()
  expect(await answer).toEqual({})
  await client.closed
  expect(seen).toEqual(['SHUTDOWN'])
})

test.each([
  ['text', 'hello\n'],
  ['JSON that is no message', '[1]\n'],
  ['an object that is no message', '{"result": 1}\n'],
])('%s ends the connection', async (_, bytes) => {
  const { client, connection } = await connected()
  const call = client.execute('stop')
  await connection.nextCommand()
  connection.send(bytes)
  await expect(call).rejects.toEqual(code('qmp-interrupted', { command: 'stop' }))
  expect(await client.closed).toMatchObject({ kind: 'garbage' })
})

test('a line without an end is not collected for ever', async () => {
  const { client, connection } = await connected()
  connection.send(Buffer.alloc(17 * 1024 * 1024, 0x20))
  expect(await client.closed).toMatchObject({ kind: 'garbage' })
})

test('whoever awaits an answer can listen before the next event is delivered', async () => {
  const { client, connection } = await connected()
  const sequence = (async () => {
    await client.execute('stop')
    return await client.waitForEvent('STOP')
  })()
  const { id } = await connection.nextCommand()
  connection.sendMessages({ return: {}, id }, { event: 'STOP', timestamp: { seconds: -1, microseconds: -1 } })
  expect(await sequence).toEqual({ event: 'STOP', data: undefined, timestampMs: null })
  client.close()
})

test('waits for the event that fits, gives up at its deadline, and listeners can leave', async () => {
  const { client, connection } = await connected()
  const seen: string[] = []
  const leave = client.on('DEVICE_DELETED', ({ data }) => {
    seen.push(data.path)
    leave()
  })
  const second = client.waitForEvent('DEVICE_DELETED', { where: ({ data }) => data.device === 'nic1' })
  connection.sendMessages(
    { event: 'DEVICE_DELETED', data: { path: '/0', device: 'nic0' }, timestamp: { seconds: 1, microseconds: 0 } },
    { event: 'DEVICE_DELETED', data: { path: '/1', device: 'nic1' }, timestamp: { seconds: 1, microseconds: 2000 } },
  )
  expect(await second).toEqual({ event: 'DEVICE_DELETED', data: { path: '/1', device: 'nic1' }, timestampMs: 1002 })
  expect(seen).toEqual(['/0'])
  await expect(client.waitForEvent('STOP', { timeoutMs: 1 })).rejects.toEqual(code('timeout'))
  await expect(client.waitForEvent('STOP', { signal: AbortSignal.abort() })).rejects.toEqual(code('cancelled'))
  client.close()
})

test('a listener that closes the client hears nothing more', async () => {
  const { client, connection } = await connected()
  let heard = 0
  client.onAny(() => {
    heard += 1
    client.close()
  })
  connection.sendMessages({ event: 'STOP' }, { event: 'RESUME' })
  expect(await client.closed).toEqual({ kind: 'closed' })
  expect(heard).toBe(1)
})

test('takes a flood of events in order, and an answer behind it', async () => {
  const { client, connection } = await connected()
  const count = 100_000
  const sizes: number[] = []
  client.on('BALLOON_CHANGE', ({ data }) => sizes.push(data.actual))
  const answer = client.execute('query-name')
  const { id } = await connection.nextCommand()
  connection.sendMessages(...Array.from({ length: count }, (_, actual) => ({ event: 'BALLOON_CHANGE', data: { actual } })), { return: {}, id })
  expect(await answer).toEqual({})
  expect(sizes).toEqual(Array.from({ length: count }, (_, actual) => actual))
  expect(client.conversation.entries().length).toBeLessThan(10_000)
  client.close()
})

test('the conversation holds both directions, without secrets', async () => {
  const { client, connection } = await connected()
  const answer = client.execute('set_password', { protocol: 'vnc', password: 'hunter2' })
  const { id } = await connection.nextCommand()
  connection.sendMessages({ return: {}, id })
  await answer
  const anyString: unknown = expect.any(String)
  const said = client.conversation.entries().map(({ direction, text }) => [direction, JSON.parse(text) as unknown])
  expect(said).toEqual([
    ['received', greeting],
    ['sent', { execute: 'qmp_capabilities', id: anyString }],
    ['received', { return: {}, id: anyString }],
    ['sent', { execute: 'set_password', arguments: { protocol: 'vnc', password: '[redacted]' }, id }],
    ['received', { return: {}, id }],
  ])
  client.close()
})
