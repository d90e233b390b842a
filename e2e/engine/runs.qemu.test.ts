/** Throwaway runs in the guests of a real engine: what comes back, what is kept, and that nothing is left. */
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ExecFrame, ExecFrameDecoder } from '../../contract/exec-frame.ts'
import type { Run } from '../../contract/run.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { until } from '../conformance/until.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  home = await TestHome.make()
  client = await home.open()
  await home.buildTiny(client)
  await home.bootTiny(client, 'ready')
}, 120_000)
afterAll(() => home.close(), 60_000)

type Request = Parameters<EngineClient['run']['start']>[0]

async function begin(request: Partial<Request> & Pick<Request, 'argv'>): Promise<{ run: Run; frames: AsyncGenerator<ExecFrame>; stream: Duplex }> {
  const { run, stream: ticket } = await client.run.start({ template: 'ready', attached: true, ...request })
  if (ticket === null) throw new Error('No stream came.')
  const stream = await home.connection.openStream(ticket.ticket)
  return { run, stream, frames: framesOf(stream) }
}

async function* framesOf(stream: Duplex): AsyncGenerator<ExecFrame> {
  const decoder = new ExecFrameDecoder()
  for await (const chunk of stream as AsyncIterable<Buffer>) yield* decoder.push(chunk)
}

const textOf = ({ payload }: ExecFrame): string => Buffer.from(payload).toString('utf8')

async function whenOver(run: Run): Promise<Run> {
  await until(async () => (await client.run.show({ run: run.id })).state !== 'running', 'the run is over')
  return client.run.show({ run: run.id })
}

test('a command\'s output comes as it is written, and its status at the end', async () => {
  const { run, frames, stream } = await begin({ argv: ['sh', '-c', 'echo out; echo oops >&2; exit 7'] })
  stream.end()
  const got: string[] = []
  for await (const frame of frames) got.push(`${frame.kind} ${textOf(frame)}`)
  expect(got.sort()).toEqual(['exit {"exitStatus":7,"signal":null}', 'stderr oops\n', 'stdout out\n'])
  const over = await whenOver(run)
  console.log(JSON.stringify(over.cells))
  expect((await client.machine.list({})).map(({ name }) => name)).toEqual(['ready'])
}, 120_000)
