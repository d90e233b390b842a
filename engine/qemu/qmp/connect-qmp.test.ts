import { rm } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectQmp } from './connect-qmp.ts'
import { startScriptedPeer } from './scripted-peer.ts'
import type { ScriptedPeer } from './scripted-peer.ts'

let peer: ScriptedPeer
beforeEach(async () => {
  peer = await startScriptedPeer()
})
afterEach(() => peer.close())

const code = (expected: string): unknown => expect.objectContaining({ code: expected })

/** Watches a promise at once, so that its failure is not unhandled until it is looked at. */
function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => 'It did not fail.', (error: unknown) => error)
}

test('nobody listens', async () => {
  await expect(connectQmp(`${peer.path}.not`)).rejects.toEqual(code('not-found'))
})

test('waits for a socket that is still to come, up to the deadline', async () => {
  await expect(connectQmp(`${peer.path}.not`, { waitForSocket: true, timeoutMs: 20 })).rejects.toEqual(code('timeout'))
  const cancel = new AbortController()
  const connecting = connectQmp(`${peer.path}.not`, { waitForSocket: true, signal: cancel.signal })
  cancel.abort()
  await expect(connecting).rejects.toEqual(code('cancelled'))
})

test('a peer that accepts and says nothing hangs; it is not taken for held', async () => {
  await expect(connectQmp(peer.path, { timeoutMs: 350 })).rejects.toEqual(code('timeout'))
})

test('a peer that greets and never answers hangs', async () => {
  const connecting = connectQmp(peer.path, { timeoutMs: 100 })
  const failure = failureOf(connecting)
  const connection = await peer.accept()
  connection.sendMessages({ QMP: { version: {}, capabilities: [] } })
  expect(await failure).toEqual(code('timeout'))
})

test('a peer that is no monitor', async () => {
  const connecting = connectQmp(peer.path)
  const failure = failureOf(connecting)
  const connection = await peer.accept()
  connection.send('SSH-2.0-OpenSSH\r\n')
  expect(await failure).toEqual(code('qmp-failed'))
})

test('a peer that ends before its greeting', async () => {
  const connecting = connectQmp(peer.path)
  const failure = failureOf(connecting)
  const connection = await peer.accept()
  connection.end()
  expect(await failure).toEqual(code('qmp-interrupted'))
})

test('a socket file that nobody serves any more', async () => {
  const stale = await startScriptedPeer()
  const { path } = stale
  await rm(path)
  await stale.close()
  await expect(connectQmp(path)).rejects.toEqual(code('not-found'))
})
