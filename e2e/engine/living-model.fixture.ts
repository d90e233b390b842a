/**
 * Machines that run, what each of them and of their points must hold, and the comparison of all that with the
 * guests' own words, with the disks as another tool reads them, and with the files that are there.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { verifyRamLayer } from '../../engine/checkpoint/ram-layers.ts'
import { forkMarksFolder, type MachineFolderNames, machinesFolder } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { askGuest, type GuestValues } from './living-guest.fixture.ts'
import type { TestHome } from './test-home.fixture.ts'

const run = promisify(execFile)

export interface LivingPoint extends GuestValues {
  readonly kind: 'ram' | 'disks'
}

export interface LivingMachine {
  readonly name: string
  state: 'running' | 'paused' | 'off'
  values: GuestValues
  /** By label. */
  readonly points: Map<string, LivingPoint>
}

interface Point {
  readonly disks: Readonly<Record<string, readonly string[]>>
  readonly ram?: { readonly layers: readonly string[] } | null
}

const readPoint = async (file: string): Promise<Point> => JSON.parse(await readFile(file, 'utf8')) as Point

/** The number on the second disk, as a chain reads that ends in this layer. */
async function diskValue(names: MachineFolderNames, point: Point): Promise<number> {
  const top = join(names.disks, 'disk1', point.disks['disk1']?.at(-1) ?? '')
  const { stdout } = await run('qemu-io', ['-r', '-f', 'qcow2', '-c', 'read -v 0 16', top])
  // An address, sixteen bytes in hexadecimal, and the same as text.
  const text = /^0+:\s+((?:[0-9a-f]{2} ?)+)/m.exec(stdout)?.[1] ?? ''
  return Number(Buffer.from(text.replaceAll(' ', ''), 'hex').toString('latin1').trim())
}

/** Whether a guest says what it must. One that stands still is let go on for the moment. */
export async function verifyGuest(home: TestHome, client: EngineClient, { name, state, values }: LivingMachine): Promise<void> {
  if (state === 'off') return
  if (state === 'paused') await client.machine.resume({ machine: name })
  expect({ name, ...(await askGuest(home, client, name)) }).toEqual({ name, ...values, broken: '' })
  if (state === 'paused') await client.machine.pause({ machine: name })
}

/** Compares one machine, its points and its files with the model. */
export async function verifyLiving(home: TestHome, client: EngineClient, machine: LivingMachine): Promise<void> {
  const names = await folderOf(home, client, machine.name)
  const shown = await client.machine.show({ machine: machine.name })
  expect([machine.name, shown.state === 'crashed' || shown.state === 'stopped' ? 'off' : shown.state]).toEqual([machine.name, machine.state])
  const { checkpoints } = await client.checkpoint.list({ machine: machine.name })
  const present = await readPoint(names.layers)
  const points = new Map(await Promise.all(checkpoints.map(async ({ id, label, kind, broken }) => [label, { kind, broken, point: await readPoint(join(names.checkpoints, id, 'checkpoint.json')) }] as const)))
  const found = Object.fromEntries([...points].map(([label, { kind, broken }]) => [label, { kind, broken }]))
  expect([machine.name, found]).toEqual([machine.name, Object.fromEntries([...machine.points].map(([label, { kind }]) => [label, { kind, broken: null }]))])
  for (const [label, { point }] of points) expect([machine.name, label, await diskValue(names, point)]).toEqual([machine.name, label, machine.points.get(label)?.disk])
  if (machine.state === 'off') expect([machine.name, await diskValue(names, present)]).toEqual([machine.name, machine.values.disk])
  await verifyFiles(names, present, [...points.values()].map(({ point }) => point), shown.state === 'stopped', shown.memoryMiB)
  await verifyGuest(home, client, machine)
}

/** Every file of layers is named, every one that is named is there, and each is sound. */
async function verifyFiles(names: MachineFolderNames, present: Point, saved: readonly Point[], isClosed: boolean, memoryMiB: number): Promise<void> {
  for (const disk of await readdir(names.disks)) {
    const named = new Set([present, ...saved].flatMap(({ disks }) => disks[disk] ?? []))
    const files = await readdir(join(names.disks, disk))
    expect([names.folder, disk, files.sort()]).toEqual([names.folder, disk, [...named].sort()])
    const active = present.disks[disk]?.at(-1)
    for (const file of files) {
      const path = join(names.disks, disk, file)
      expect([path, (await stat(path)).mode & 0o222]).toEqual([path, file === active ? 0o200 : 0])
      // What a running QEMU writes to counts its references lazily; so does one that was killed, until it is started again.
      if (file === active) continue
      await run('qemu-img', ['check', '-U', '-f', 'qcow2', path]).catch((error: unknown) => {
        throw new Error(`${path} is not sound.`, { cause: error })
      })
    }
    if (isClosed && active !== undefined) await run('qemu-img', ['check', '-U', '-f', 'qcow2', join(names.disks, disk, active)])
  }
  const layers = new Set(saved.flatMap(({ ram }) => ram?.layers ?? []))
  expect([names.folder, (await readdir(names.ram).catch((): string[] => [])).sort()]).toEqual([names.folder, [...layers].flatMap((id) => [`${id}.index`, `${id}.ram`]).sort()])
  for (const id of layers) await verifyRamLayer(names.ram, id, memoryMiB * 1024 * 1024)
  expect(existsSync(names.journal)).toBe(false)
  expect((await readdir(names.checkpoints).catch(() => [])).filter((name) => name.startsWith('.'))).toEqual([])
}

/** Nothing of anybody else is left: no folder, no mark, no process, and no layer of RAM that the engine holds open. */
export async function verifyNothingElse(home: TestHome, client: EngineClient, machines: readonly LivingMachine[]): Promise<void> {
  const listed = await client.machine.list({})
  expect(listed.map(({ name }) => name).sort()).toEqual(machines.map(({ name }) => name).sort())
  expect((await readdir(machinesFolder(home.folders))).sort()).toEqual(listed.map(({ id }) => id).sort())
  await until(async () => (await readdir(forkMarksFolder(home.folders)).catch(() => [])).length === 0, 'all forks are on disk')
  const { pid } = await client.engine.info({})
  const held = async (): Promise<string[]> => {
    const links = await Promise.all((await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
    return links.filter((link) => link.includes('memfd:') || link.endsWith('.ram'))
  }
  await until(async () => (await held()).length === 0, 'the engine holds no layer open').catch(async () => {
    expect(await held()).toEqual([])
  })
  const alive = new Set(listed.filter((machine) => machine.pid !== null).map(({ id }) => id))
  const strangers = async (): Promise<string[]> => (await home.processes()).filter((line) => !/mayfly-(?:engine|waker)/.test(line) && ![...alive].some((id) => line.includes(id)))
  await until(async () => (await strangers()).length === 0, 'no process of a machine that is gone is left').catch(async () => {
    expect(await strangers()).toEqual([])
  })
}
