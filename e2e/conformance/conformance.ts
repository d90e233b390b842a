/**
 * What every transport of the contract must keep, told once. A transport joins by calling
 * `conformance` with how it is set up in front of an engine.
 */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { duplexPair } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { errorCodes, isMayflyError } from '../../contract/errors.ts'
import type { MayflyError } from '../../contract/errors.ts'
import type { EngineEvent } from '../../contract/event.ts'
import type { EngineConnection, EngineFace, EngineLog } from '../../engine/engine-face.ts'
import { failureOf, LogInMemory, summaryOf, SyntheticEngine } from './synthetic-engine.ts'
import { settled, until } from './until.ts'

/** Sets the transport up in front of an engine. `close` takes down both of its ends. */
export type Connect = (face: EngineFace, log: EngineLog) => Promise<EngineConnection>

const mebibyte = 1024 * 1024

export function conformance(name: string, connect: Connect): void {
  const cleanups: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })

  async function setUp(options: ConstructorParameters<typeof SyntheticEngine>[0] = {}) {
    const engine = new SyntheticEngine(options)
    const log = new LogInMemory()
    const connection = await connect(engine, log)
    cleanups.push(() => engine.close(), () => connection.close())
    return { engine, log, connection, client: connection.client }
  }

  /** A stream between client and engine; `engineSide` is the end the engine keeps. */
  async function openPair(options: { readonly highWaterMark?: number } = {}) {
    const { engine, connection } = await setUp()
    const [handedOut, engineSide] = duplexPair({ highWaterMark: 64 * 1024, ...options })
    const { ticket } = engine.streams.issue('bytes', () => handedOut)
    const clientSide = await connection.openStream(ticket)
    cleanups.push(async () => {
      for (const side of [clientSide, engineSide, handedOut]) side.on('error', () => undefined).destroy()
    })
    return { engine, connection, ticket, clientSide, engineSide, handedOut }
  }

  describe(`${name}: calls`, () => {
    test('an answer of five hundred machines arrives as it was given', async () => {
      const { engine, client } = await setUp()
      expect(await client.machine.list({})).toEqual(engine.machines)
    })

    test('what a name may carry comes back unchanged', async () => {
      const { client } = await setUp()
      const machineName = 'ünï "quoted", \'x\' -- \\ {emoji 🪰} data: event:'
      expect((await client.machine.create({ name: machineName })).name).toBe(machineName)
    })

    test('defaults are filled in before the engine sees the input', async () => {
      const { engine, client } = await setUp()
      await client.machine.create({ name: 'web', forwards: [{ hostPort: 2222, guestPort: 22 }] })
      expect(engine.created).toEqual([
        { name: 'web', preallocation: 'off', start: false, throwaway: false, forwards: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 2222, guestPort: 22 }] },
      ])
    })

    const badInputs: readonly [what: string, input: unknown, path: string][] = [
      ['an unknown field', { name: 'x', colour: 'red' }, 'colour'],
      ['an unknown field further down', { name: 'x', forwards: [{ hostPort: 1, guestPort: 2, evil: true }] }, 'forwards.0.evil'],
      ['NaN', { name: 'x', cpus: Number.NaN }, 'cpus'],
      ['infinity', { name: 'x', memoryMiB: Number.POSITIVE_INFINITY }, 'memoryMiB'],
      ['a negative size', { name: 'x', diskMiB: -1 }, 'diskMiB'],
      ['a huge size', { name: 'x', memoryMiB: 1e300 }, 'memoryMiB'],
      ['a fraction', { name: 'x', cpus: 1.5 }, 'cpus'],
      ['a number as text', { name: 'x', cpus: '4' }, 'cpus'],
      ['a number as a name', { name: 42 }, 'name'],
      ['no name', {}, 'name'],
      ['a name of two lines', { name: 'a\nb' }, 'name'],
      ['a port past the last', { name: 'x', forwards: [{ hostPort: 1, guestPort: 2 }, { hostPort: 65_536, guestPort: 22 }] }, 'forwards.1.hostPort'],
      ['null', null, ''],
      ['nothing', undefined, ''],
      ['a list', [], ''],
      ['text', 'name', ''],
    ]
    test.each(badInputs)('%s is refused with the field\'s path, and the engine never sees it', async (_what, input, path) => {
      const { engine, client, log } = await setUp()
      // The compiler would not let it pass either.
      const error = await failureOfCall(client.machine.create(input as never))
      expect(error).toMatchObject({ code: 'invalid-input', details: { issues: [{ path }] } })
      expect(error.message).toMatch(/Nothing was changed\.$/)
      expect(engine.created).toEqual([])
      expect(log.bugs).toEqual([])
    })

    test('a field called __proto__ is refused or does nothing', async () => {
      const { engine, client } = await setUp()
      // Only from outside does such a field come; no type has it.
      await client.machine.create(JSON.parse('{"name":"x","__proto__":{"cpus":288}}') as never).catch(() => undefined)
      expect(engine.created.map((input) => input.cpus)).toEqual(engine.created.map(() => undefined))
      expect(({} as { cpus?: number }).cpus).toBeUndefined()
    })

    test('a refusal is not larger than what was refused', async () => {
      const { client } = await setUp()
      const input = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`field${index}${'x'.repeat(100)}`, index]))
      // Fields that no machine has, which the compiler would refuse.
      const error = await failureOfCall(client.machine.create(input as never))
      expect(error.code).toBe('invalid-input')
      expect(JSON.stringify([error.message, error.details]).length).toBeLessThan(20_000)
    })

    test.each(errorCodes)('%s keeps its message, details and next step', async (code) => {
      const { client } = await setUp()
      const error = await failureOfCall(client.machine.show({ machine: code }))
      const expected = failureOf(code)
      expect({ code: error.code, message: error.message, details: error.details, next: error.next }).toEqual({ code, message: expected.message, details: expected.details, next: expected.next })
    })

    test('a fault of ours is told by a reference that the log has, and by nothing else', async () => {
      const { client, log } = await setUp()
      const error = await failureOfCall(client.machine.show({ machine: 'explode' }))
      expect(error).toMatchObject({ code: 'bug', details: { reference: log.bugs[0]?.reference } })
      expect(JSON.stringify([error.message, error.next, error.details])).not.toContain('secret')
      expect(log.bugs).toHaveLength(1)
      expect(log.bugs[0]?.error).toMatchObject({ message: 'a secret of the engine' })
    })

    test('a call that is aborted ends at once, and the engine is told', async () => {
      const { engine, client, log } = await setUp()
      const abort = new AbortController()
      const call = failureOfCall(client.machine.wait({ machine: 'web', for: 'agent' }, { signal: abort.signal }))
      await until(() => engine.waiting === 1, 'the engine has the call')
      abort.abort()
      expect(await call).toMatchObject({ code: 'cancelled' })
      await until(() => engine.aborted === 1, 'the engine heard of it')
      expect(await failureOfCall(client.machine.list({}, { signal: abort.signal }))).toMatchObject({ code: 'cancelled' })
      expect(log.bugs).toEqual([])
    })

    test('many calls at once do not mix', async () => {
      const { client } = await setUp()
      const names = Array.from({ length: 100 }, (_, index) => `machine ${index}`)
      const answers = await Promise.all(names.map((machineName) => client.machine.create({ name: machineName })))
      expect(answers.map((answer) => answer.name)).toEqual(names)
    })
  })

  describe(`${name}: events`, () => {
    test('a snapshot comes first, then every revision', async () => {
      const { engine, client } = await setUp()
      engine.hub.publish({ type: 'machine.changed', machine: summaryOf(1) })
      const events = await client.events.watch({})
      const seen: EngineEvent[] = [await nextOf(events)]
      for (let index = 0; index < 300; index++) engine.hub.publish({ type: 'machine.changed', machine: summaryOf(index) })
      while (seen.length < 301) seen.push(await nextOf(events))
      expect(seen[0]).toMatchObject({ type: 'snapshot', revision: 1, machines: engine.machines.slice(0, 3) })
      expect(seen.slice(1).map((event) => [event.revision, event.type === 'machine.changed' && event.machine.id])).toEqual(
        Array.from({ length: 300 }, (_, index) => [index + 2, summaryOf(index).id]),
      )
      await events.return?.(undefined)
      await until(() => engine.hub.subscribers === 0, 'the engine forgot the reader')
    })

    test('a reader that stalls gets whole revisions and then a gap; the engine keeps nothing for it', async () => {
      const { engine, client } = await setUp()
      const events = await client.events.watch({})
      expect((await nextOf(events)).type).toBe('snapshot')
      await until(async () => {
        for (let index = 0; index < 500; index++) engine.hub.publish({ type: 'machine.changed', machine: summaryOf(index) })
        await new Promise((resolve) => setImmediate(resolve))
        return engine.hub.subscribers === 0
      }, 'the stalled reader was dropped')
      const seen: EngineEvent[] = []
      for await (const event of events) seen.push(event)
      expect(seen.map(({ type }) => type)).toEqual([...seen.slice(1).map(() => 'machine.changed'), 'gap'])
      expect(seen.slice(0, -1).map(({ revision }) => revision)).toEqual(seen.slice(1).map((_, index) => index + 1))
      expect(seen.length).toBeLessThan(20_000)
    })

    test('an aborted subscription ends on both sides', async () => {
      const { engine, client } = await setUp()
      const abort = new AbortController()
      const events = await client.events.watch({}, { signal: abort.signal })
      await nextOf(events)
      const waiting = Promise.resolve(events.next()).then(({ done }) => done === true, (error: unknown) => isMayflyError(error, 'cancelled'))
      abort.abort()
      expect(await waiting).toBe(true)
      await until(() => engine.hub.subscribers === 0, 'the engine forgot the reader')
    })

    test('text with line breaks survives, and a failure in the middle is typed', async () => {
      const { client } = await setUp()
      const lines = await client.machine.followLog({ machine: 'web' })
      expect(await lines.next()).toMatchObject({ value: { text: 'first\n\ndata: not a field\r\n', skippedBytes: 0 } })
      expect(await lines.next()).toMatchObject({ value: { text: 'second', skippedBytes: 7 } })
      expect(await failureOfCall(Promise.resolve(lines.next()))).toMatchObject({ code: 'not-found', details: failureOf('not-found').details })
    })
  })

  describe(`${name}: byte streams`, () => {
    test('megabytes arrive whole, both ways, each end in its own time', async () => {
      const { clientSide, engineSide } = await openPair()
      const question = randomBytes(5 * mebibyte)
      const answer = randomBytes(7 * mebibyte)
      const atEngine = hashOf(engineSide)
      clientSide.end(question)
      expect(await atEngine).toBe(digest(question))
      // The client's end of sending was not the end of receiving.
      const atClient = hashOf(clientSide)
      engineSide.end(answer)
      expect(await atClient).toBe(digest(answer))
    })

    test('the engine may end first and still be sent to', async () => {
      const { clientSide, engineSide } = await openPair()
      const atClient = hashOf(clientSide)
      engineSide.end('bye')
      expect(await atClient).toBe(digest(Buffer.from('bye')))
      const atEngine = hashOf(engineSide)
      const rest = randomBytes(mebibyte)
      clientSide.end(rest)
      expect(await atEngine).toBe(digest(rest))
    })

    test.each(['from the engine', 'to the engine'] as const)('a fast sender waits for a slow reader: %s', async (direction) => {
      const { clientSide, engineSide } = await openPair()
      const [sender, reader] = direction === 'from the engine' ? [engineSide, clientSide] : [clientSide, engineSide]
      const total = 16 * mebibyte
      const chunk = randomBytes(64 * 1024)
      let sent = 0
      const sending = (async () => {
        for (; sent < total; sent += chunk.length) if (!sender.write(chunk)) await once(sender, 'drain')
        sender.end()
      })()
      expect(await settled(() => sent)).toBeLessThan(4 * mebibyte)
      let received = 0
      reader.on('data', (data: Buffer) => (received += data.length))
      await Promise.all([sending, once(reader, 'end')])
      expect(received).toBe(total)
    })

    test('a client that goes away takes its stream with it', async () => {
      const { clientSide, engineSide, handedOut } = await openPair()
      engineSide.on('error', () => undefined)
      clientSide.destroy()
      await until(() => {
        if (!handedOut.destroyed) engineSide.write('is anybody there?')
        return handedOut.destroyed
      }, 'the engine\'s end was closed')
    })

    test('a ticket is good once', async () => {
      const { connection, ticket } = await openPair()
      expect(await failureOfCall(connection.openStream(ticket))).toMatchObject({ code: 'not-found', details: { kind: 'stream' } })
    })

    test.each([['unknown', 'A'.repeat(32)], ['empty', ''], ['a path', '../../rpc/machine/list'], ['long', 'A'.repeat(5000)]])('a ticket that is %s is refused', async (_what, ticket) => {
      const { connection } = await setUp()
      expect(await failureOfCall(connection.openStream(ticket))).toMatchObject({ code: 'not-found' })
    })

    test('a ticket that is too old is refused, and nothing is opened', async () => {
      const { engine, connection } = await setUp({ ticketLifetimeMs: 0 })
      let opened = false
      const { ticket } = engine.streams.issue('bytes', () => {
        opened = true
        return duplexPair()[0]
      })
      expect(await failureOfCall(connection.openStream(ticket))).toMatchObject({ code: 'not-found' })
      expect(opened).toBe(false)
    })

    test('a stream that cannot be opened says why', async () => {
      const { engine, connection } = await setUp()
      const { ticket } = engine.streams.issue('exec', () => {
        throw failureOf('conflict')
      })
      expect(await failureOfCall(connection.openStream(ticket))).toMatchObject({ code: 'conflict', details: failureOf('conflict').details, next: failureOf('conflict').next })
    })
  })
}

async function failureOfCall(call: Promise<unknown>): Promise<MayflyError> {
  try {
    await call
  } catch (error) {
    if (isMayflyError(error)) return error
    throw new Error('A call failed with something that is not an error of the contract.', { cause: error })
  }
  throw new Error('The call succeeded though it should have failed.')
}

async function nextOf(events: AsyncIterator<EngineEvent, unknown, void>): Promise<EngineEvent> {
  const { done, value } = await events.next()
  if (done === true) throw new Error('The events ended.')
  return value
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function hashOf(stream: Duplex): Promise<string> {
  const hash = createHash('sha256')
  stream.on('data', (data: Buffer) => hash.update(data))
  await once(stream, 'end')
  return hash.digest('hex')
}

