/** What a fork shares with the guest it comes from, and what it must not: its generation, and its open connections. */
import { readFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { connectQmp } from '../../engine/qemu/qmp/connect-qmp.ts'
import { machineRuntimeNames } from '../../engine/storage/names.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient
let server: Server
/** What each connection said, in the order they came. */
const heard: { socket: Socket; text: string; ended: boolean }[] = []

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  server = createServer((socket) => {
    const one = { socket, text: '', ended: false }
    heard.push(one)
    socket.on('data', (chunk: Buffer) => (one.text += chunk.toString()))
    // One whose QEMU is ended is reset.
    socket.on('error', () => undefined)
    socket.on('close', () => (one.ended = true))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await home.bootTiny(client, 'parent', { memoryMiB: 128, diskMiB: 48 })
}, 300_000)
afterAll(async () => {
  for (const { socket } of heard) socket.destroy()
  server.close()
  await home.close()
})

const port = (): number => {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
const sh = (machine: string, line: string): Promise<string> => home.sh(client, machine, line)
const toHost = (): string => `nc $(ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p') ${port()}`
/** Opens a connection that stays open: what is written to /run/talk is said, what is heard lies in /run/heard, and /run/over when it has ended. */
const openConnection = (machine: string): Promise<string> =>
  sh(machine, `rm -f /run/talk /run/heard /run/over; mkfifo /run/talk; (exec 3<> /run/talk; ${toHost()} <&3 > /run/heard; echo over > /run/over) > /dev/null 2>&1 &`)
const say = (machine: string, word: string): Promise<string> => sh(machine, `echo ${word} > /run/talk`)
const isOver = (machine: string): Promise<string> => sh(machine, '[ ! -e /run/over ] || cat /run/over')

/** Both directions of the guest's open connection work, and it is the one the host has had all along. */
async function expectAlive(machine: string, connection: number, word: string): Promise<void> {
  await say(machine, word)
  await expect.poll(() => heard[connection]?.text, { timeout: 20_000 }).toContain(word)
  heard[connection]?.socket.write(`answer to ${word}\n`)
  await expect.poll(() => sh(machine, 'cat /run/heard'), { timeout: 20_000 }).toContain(`answer to ${word}`)
  expect([heard[connection]?.ended, await isOver(machine)]).toEqual([false, ''])
}

/** The guest's copy of a connection has ended as soon as it uses it, and new ones can be had. */
async function expectDead(machine: string): Promise<void> {
  const connections = heard.length
  await say(machine, 'from-a-copy')
  await expect.poll(() => isOver(machine), { timeout: 20_000 }).toBe('over\n')
  await sh(machine, `echo anew | ${toHost()} > /dev/null 2>&1 &`)
  await expect.poll(() => heard[connections]?.text, { timeout: 20_000 }).toBe('anew\n')
  expect(heard.map(({ text }) => text).join('')).not.toContain('from-a-copy')
}

test('an open connection survives forks and checkpoints of its guest; the copies of it are dead', async () => {
  await openConnection('parent')
  await expectAlive('parent', 0, 'before')
  await client.machine.fork({ machine: 'parent', name: 'fork' })
  await expectAlive('parent', 0, 'forked')
  await expectDead('fork')
  await expectAlive('parent', 0, 'beside-a-fork')
  await home.done(client, client.checkpoint.take({ machine: 'parent', label: 'point', what: 'ram' }))
  await expectAlive('parent', 0, 'saved')
  await home.done(client, client.checkpoint.restore({ machine: 'parent', checkpoint: 'point' }))
  await expect.poll(() => heard[0]?.ended, { timeout: 20_000 }).toBe(true)
  await expectDead('parent')
})

test('every fork, of whatever it is, and every restored machine tells its guest another generation', async () => {
  const generations: Record<string, string> = {}
  const note = async (what: string, machine: string): Promise<void> => {
    const { generationId } = JSON.parse(await readFile((await folderOf(home, client, machine)).hardware, 'utf8')) as { generationId: string }
    generations[what] = generationId
  }
  const point = { machine: 'parent', checkpoint: 'point' }
  await note('parent', 'parent')
  await note('fork', 'fork')
  await client.machine.fork({ machine: 'fork', name: 'fork of fork' })
  await note('fork of fork', 'fork of fork')
  await client.machine.fork({ ...point, name: 'of point' })
  await note('of point', 'of point')
  await home.done(client, client.checkpoint.restore(point))
  await note('restored', 'parent')
  expect(new Set(Object.values(generations)).size).toBe(5)

  // What QEMU itself says; only one may ask it at a time.
  const machines = await client.machine.list({})
  await home.closeEngine()
  const told: Record<string, string> = {}
  for (const { id, name } of machines) {
    const qmp = await connectQmp(machineRuntimeNames(home.folders, id).qmpSocket, { timeoutMs: 20_000, waitForSocket: false })
    told[name] = (await qmp.execute('query-vm-generation-id')).guid
    qmp.close()
  }
  client = await home.open()
  expect(told).toEqual({ parent: generations['restored'], fork: generations['fork'], 'fork of fork': generations['fork of fork'], 'of point': generations['of point'] })
  expect(home.bugs).toEqual([])
})
