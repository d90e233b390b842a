/** Every procedure of the contract, against the real engine, on every transport: it answers, or fails as its contract says it may. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isContractProcedure } from '@orpc/contract'
import type { AnyContractProcedure } from '@orpc/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contract } from '../../contract/contract.ts'
import { isMayflyError } from '../../contract/errors.ts'
import type { MayflyError } from '../../contract/errors.ts'
import { createEngine } from '../../engine/engine.ts'
import type { EngineConnection, EngineFace } from '../../engine/engine-face.ts'
import { connectInProcess } from '../../engine/in-process.ts'
import { resolveFolders } from '../../engine/storage/folders.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { serveSocket } from '../../hosts/socket/server.ts'
import type { SocketServer } from '../../hosts/socket/server.ts'
import { LogInMemory } from './synthetic-engine.ts'
import { isAsyncIterator } from './is-async-iterator.ts'

const machine = 'no-such-machine'
const run = 'nosuchrunxyz'
/** An input each procedure accepts. `stopped` is a machine that exists and is off. */
const inputs: Readonly<Record<string, unknown>> = {
  'engine.info': {},
  'engine.shutdown': {},
  'host.show': {},
  'host.doctor': {},
  'image.list': {},
  'image.show': { image: 'no-such-image' },
  'image.build': { recipe: 'tiny' },
  'image.add': { file: '/no/such/file.iso' },
  'image.remove': { image: 'no-such-image' },
  'machine.list': {},
  'machine.show': { machine: 'stopped' },
  'machine.create': { name: 'stopped' },
  'machine.start': { machine },
  'machine.stop': { machine: 'stopped' },
  'machine.restart': { machine: 'stopped' },
  'machine.pause': { machine: 'stopped' },
  'machine.resume': { machine: 'stopped' },
  'machine.reset': { machine: 'stopped' },
  'machine.rename': { machine: 'stopped', name: 'stopped' },
  'machine.set': { machine: 'stopped', notes: 'a note' },
  'machine.dropPending': { machine: 'stopped' },
  'machine.setBootOrder': { machine: 'stopped', devices: [] },
  'machine.clone': { machine, name: 'copy' },
  'machine.inspectAppliance': { file: '/no/such/file.ova' },
  'machine.import': { file: '/no/such/file.ova' },
  'machine.delete': { machine },
  'machine.fork': { machine },
  'machine.promote': { machine },
  'machine.setLife': { machine: 'stopped', throwaway: false },
  'machine.wait': { machine: 'stopped', for: 'stopped' },
  'machine.screenshot': { machine: 'stopped' },
  'machine.pressKeys': { machine: 'stopped', presses: [['ControlLeft', 'KeyC']] },
  'machine.log': { machine: 'stopped' },
  'machine.followLog': { machine: 'stopped' },
  'trash.list': {},
  'trash.restore': { machine },
  'trash.empty': {},
  'checkpoint.take': { machine, what: 'disks' },
  'checkpoint.list': { machine: 'stopped' },
  'checkpoint.show': { machine: 'stopped', checkpoint: 'none' },
  'checkpoint.thumbnail': { machine: 'stopped', checkpoint: 'none' },
  'checkpoint.restore': { machine: 'stopped', checkpoint: 'none' },
  'checkpoint.branch': { machine: 'stopped', checkpoint: 'none' },
  'checkpoint.rename': { machine: 'stopped', checkpoint: 'none', label: 'another' },
  'checkpoint.delete': { machine: 'stopped', checkpoint: 'none' },
  'checkpoint.export': { machine: 'stopped', checkpoint: 'none', name: 'exported' },
  'checkpoint.diff': { machine: 'stopped', a: 'none', b: 'none' },
  'disk.add': { machine, sizeMiB: 10 },
  'disk.remove': { machine: 'stopped', disk: 'disk9' },
  'disk.resize': { machine: 'stopped', disk: 'disk9', sizeMiB: 10 },
  'disk.check': { machine },
  'cdrom.insert': { machine: 'stopped', image: 'no-such-image' },
  'cdrom.eject': { machine: 'stopped' },
  'nic.add': { machine },
  'nic.remove': { machine: 'stopped', nic: 'nic9' },
  'nic.connect': { machine: 'stopped', nic: 'nic9' },
  'forward.add': { machine, forward: { hostPort: 2222, guestPort: 22 } },
  'forward.remove': { machine: 'stopped', hostPort: 2222 },
  'console.open': { machine: 'stopped' },
  'console.viewers': { machine: 'stopped' },
  'guest.info': { machine: 'stopped' },
  'guest.exec': { machine: 'stopped', argv: ['true'] },
  'guest.run': { machine: 'stopped', argv: ['true'] },
  'job.list': {},
  'job.show': { job: 'no-such-job' },
  'job.wait': { job: 'no-such-job' },
  'job.cancel': { job: 'no-such-job' },
  'settings.show': {},
  'settings.set': { stopTimeoutSeconds: 30 },
  'settings.reset': {},
  'template.make': { name: 'ready', machine },
  'template.list': {},
  'template.setPool': { template: machine, wanted: 'auto' },
  'template.remove': { template: machine },
  'run.start': { template: machine, argv: ['true'] },
  'run.upload': { bytes: 0 },
  'run.attach': { run },
  'run.list': {},
  'run.show': { run },
  'run.followOutput': { run },
  'run.serial': { run },
  'run.screenshot': { run },
  'run.evidence': { run },
  'run.files': { run },
  'run.file': { run, file: 0 },
  'run.cancel': { run },
  'run.keep': { run },
  'run.remove': { run },
  'metrics.watch': {},
  'metrics.history': { machine: 'stopped' },
  'events.watch': {},
}
/** Starts long work on the host; its checks of input are tested here, its work where it lives. */
const notCarriedOut = ['image.build']

const procedures = proceduresOf(contract)
const log = new LogInMemory()
let home: string
let engine: EngineFace
let server: SocketServer
let connections: Record<'in process' | 'engine.sock', EngineConnection>

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-every-'))
  const folders = resolveFolders({ MAYFLY_HOME: home })
  engine = await createEngine({ folders, log, holder: 'test' })
  const path = join(folders.runtime, 'engine.sock')
  server = await serveSocket({ face: engine, path, identity: { version: '0', pid: process.pid, holder: 'test' }, log, onShutdown: () => undefined })
  connections = { 'in process': connectInProcess(engine, log), 'engine.sock': connectEngine(path) }
  await connections['in process'].client.machine.create({ name: 'stopped' })
})
afterAll(async () => {
  for (const connection of Object.values(connections)) await connection.close()
  await server.close()
  await engine.close()
  await rm(home, { recursive: true })
})

test('this suite knows every procedure', () => {
  expect(procedures.map(({ name }) => name).sort()).toEqual(Object.keys(inputs).sort())
})

describe.each(['in process', 'engine.sock'] as const)('%s', (transport) => {
  test.each(procedures.filter(({ name }) => !notCarriedOut.includes(name)))('$name answers, or fails as it may', async ({ path, declared }) => {
    const outcome = await outcomeOf(connections[transport], path, inputs[path.join('.')])
    expect(['answered', ...declared.filter((code) => code !== 'bug')]).toContain(codeOf(outcome))
    expect(log.bugs.splice(0)).toEqual([])
  })

  test.each(procedures)('$name refuses a field it does not know', async ({ path }) => {
    const outcome = await outcomeOf(connections[transport], path, { ...(inputs[path.join('.')] as object), noSuchField: 1 })
    expect(outcome).toMatchObject({ code: 'invalid-input', details: { issues: [{ path: 'noSuchField' }] } })
  })

  test.each(procedures)('$name refuses what is no object', async ({ path }) => {
    for (const input of [undefined, null, 7, 'text', []]) {
      expect(await outcomeOf(connections[transport], path, input)).toMatchObject({ code: 'invalid-input', details: { issues: [{ path: '' }] } })
    }
  })
})

interface Listed {
  readonly name: string
  readonly path: readonly string[]
  /** Codes its contract says it may fail with. */
  readonly declared: readonly string[]
}

function proceduresOf(router: object, path: readonly string[] = []): Listed[] {
  return Object.entries(router).flatMap(([key, value]: [string, object]) => {
    const inner = [...path, key]
    if (!isContractProcedure(value)) return proceduresOf(value, inner)
    const declared = Object.keys((value as AnyContractProcedure)['~orpc'].errorMap as object)
    return [{ name: inner.join('.'), path: inner, declared }]
  })
}

/** What a call comes to: its answer, the first of its events, or its failure. */
async function outcomeOf(connection: EngineConnection, path: readonly string[], input: unknown): Promise<unknown> {
  let procedure: unknown = connection.client
  for (const key of path) procedure = (procedure as Record<string, unknown>)[key]
  try {
    const answer = await (procedure as (input: unknown) => Promise<unknown>)(input)
    if (!isAsyncIterator(answer)) return answer
    await answer.return?.()
    return 'events'
  } catch (error) {
    if (isMayflyError(error)) return error
    throw error
  }
}

function codeOf(outcome: unknown): string {
  return isMayflyError(outcome) ? (outcome as MayflyError).code : 'answered'
}
