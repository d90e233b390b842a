import { MessageChannel } from 'node:worker_threads'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import { eventIterator, oc } from '@orpc/contract'
import type { ContractRouterClient } from '@orpc/contract'
import { implement } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { until } from '../../e2e/conformance/until.ts'
import { CreditLedger } from './credit.ts'

const contract = { count: oc.input(z.object({})).output(eventIterator(z.number())) }

/** The RPC library over a MessagePort, paced by grants on a second one. */
function connect(window: number) {
  let produced = 0
  let ended = false
  const os = implement(contract)
  const router = {
    count: os.count.handler(async function* () {
      try {
        for (;;) yield produced++
      } finally {
        ended = true
      }
    }),
  }
  const calls = new MessageChannel()
  const credit = new MessageChannel()
  const ledger = new CreditLedger({ window })
  credit.port1.on('message', ({ id, count }: { id: string; count: number }) => ledger.grant(id, count))
  new RPCHandler(router, { clientInterceptors: [async (call) => ledger.pace('stream', (await call.next()) as AsyncIterator<number, unknown, undefined>, call.signal)] }).upgrade(calls.port1)
  const client: ContractRouterClient<typeof contract> = createORPCClient(new RPCLink({ port: calls.port2 }))
  calls.port1.start()
  calls.port2.start()
  return {
    client,
    ledger,
    produced: () => produced,
    ended: () => ended,
    grant: (count: unknown) => credit.port2.postMessage({ id: 'stream', count }),
    close: () => {
      for (const channel of [calls, credit]) channel.port1.close()
    },
  }
}

test('over a MessagePort, a producer goes no further than its reader has granted', async () => {
  const { client, grant, produced, ended, ledger, close } = connect(16)
  const numbers = await client.count({})
  await until(() => produced() === 16, 'the window is used up')
  for (let expected = 0; expected < 1000; expected++) {
    expect(await numbers.next()).toEqual({ done: false, value: expected })
    expect(produced()).toBeLessThanOrEqual(expected + 16)
    grant(1)
  }
  await numbers.return?.(undefined)
  await until(() => ended() && ledger.size === 0, 'the producer ended')
  close()
})

test('a reader cannot grant itself more than the window, nor nonsense', async () => {
  const { client, grant, produced, ended, ledger, close } = connect(4)
  const numbers = await client.count({})
  await until(() => produced() === 4, 'the window is used up')
  for (const nonsense of [-1, 0, 0.5, Number.NaN, 'many', null]) grant(nonsense)
  grant(Number.MAX_SAFE_INTEGER)
  await until(() => produced() === 8, 'one more window was sent')
  for (let expected = 0; expected < 8; expected++) expect(await numbers.next()).toEqual({ done: false, value: expected })
  expect(produced()).toBe(8)
  ledger.close()
  expect(await numbers.next()).toMatchObject({ done: true })
  expect(ended()).toBe(true)
  close()
})
