/**
 * What a machine's disk must hold at each of its points, kept beside the real thing and compared with it:
 * the bytes, read through the chains as any other tool would, the files, their soundness and their modes.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { type MachineFolderNames, machineFolderNames, machinesFolder } from '../../engine/storage/names.ts'
import type { TestHome } from './test-home.fixture.ts'

const run = promisify(execFile)
const blockKiB = 64

/** By block, the byte it is full of. What is not in it is zero. */
export type Content = ReadonlyMap<number, number>

export interface MachineModel {
  readonly name: string
  present: Content
  parent: string | null
  /** By label. */
  readonly points: Map<string, { content: Content; parent: string | null }>
}

export const blockCount = 12

export function newModel(name: string): MachineModel {
  return { name, present: new Map(), parent: null, points: new Map() }
}

export async function folderOf(home: TestHome, client: EngineClient, machine: string): Promise<MachineFolderNames> {
  const { id } = await client.machine.show({ machine })
  return machineFolderNames(join(machinesFolder(home.folders), id))
}

async function presentChain(names: MachineFolderNames): Promise<string[]> {
  const { disks } = JSON.parse(await readFile(names.layers, 'utf8')) as { disks: Record<string, string[]> }
  return disks['disk0'] ?? []
}

/** Writes to the disk of a machine that is off, as its guest would. */
export async function writeBlocks(names: MachineFolderNames, blocks: Content): Promise<void> {
  const active = (await presentChain(names)).at(-1) ?? ''
  await run('qemu-io', ['-f', 'qcow2', ...[...blocks].flatMap(([block, byte]) => ['-c', `write -q -P ${byte} ${block * blockKiB}k ${blockKiB}k`]), join(names.disks, 'disk0', active)])
}

/** What a layer, seen with all beneath it, holds: its headers lead there. */
async function readBlocks(names: MachineFolderNames, file: string): Promise<Content> {
  const { stdout } = await run('qemu-io', ['-r', '-f', 'qcow2', ...Array.from({ length: blockCount }, (_, block) => ['-c', `read -v ${block * blockKiB}k 512`]).flat(), join(names.disks, 'disk0', file)], { maxBuffer: 16 * 1024 * 1024 })
  const bytes = [...stdout.matchAll(/^([0-9a-f]{8}):\s+([0-9a-f]{2})/gm)]
  const content = new Map<number, number>()
  for (const [, offset = '', byte = ''] of bytes) {
    const at = Number.parseInt(offset, 16)
    if (at % (blockKiB * 1024) === 0 && Number.parseInt(byte, 16) !== 0) content.set(at / (blockKiB * 1024), Number.parseInt(byte, 16))
  }
  return content
}

const sorted = (content: Content): [number, number][] => [...content].sort((a, b) => a[0] - b[0])

export async function readPresentContent(names: MachineFolderNames): Promise<Content> {
  return readBlocks(names, (await presentChain(names)).at(-1) ?? '')
}

export function isSame(a: Content, b: Content): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

/** Compares everything. The machine must be off. */
export async function verifyMachine(home: TestHome, client: EngineClient, model: MachineModel): Promise<void> {
  const names = await folderOf(home, client, model.name)
  const { checkpoints, present } = await client.checkpoint.list({ machine: model.name })
  const labelOf = (id: string | null): string | null => checkpoints.find((one) => one.id === id)?.label ?? null
  const real = new Map(await Promise.all(checkpoints.map(async (checkpoint) => {
    const { disks } = JSON.parse(await readFile(join(names.checkpoints, checkpoint.id, 'checkpoint.json'), 'utf8')) as { disks: Record<string, string[]> }
    return [checkpoint.label, { parent: labelOf(checkpoint.parent), broken: checkpoint.broken, chain: disks['disk0'] ?? [] }] as const
  })))
  const found: Record<string, unknown> = { now: { parent: labelOf(present.parent), content: sorted(await readPresentContent(names)) } }
  for (const [label, { parent, broken, chain }] of real) found[label] = { parent, broken, content: sorted(await readBlocks(names, chain.at(-1) ?? '')) }
  const expected: Record<string, unknown> = { now: { parent: model.parent, content: sorted(model.present) } }
  for (const [label, { parent, content }] of model.points) expected[label] = { parent, broken: null, content: sorted(content) }
  expect(found).toEqual(expected)

  // No layer is lost, none is left over, none can be written to by mistake.
  const active = (await presentChain(names)).at(-1) ?? ''
  const named = new Set([...(await presentChain(names)), ...[...real.values()].flatMap(({ chain }) => chain)])
  const files = await readdir(join(names.disks, 'disk0'))
  expect(files.sort()).toEqual([...named].sort())
  for (const file of files) {
    const path = join(names.disks, 'disk0', file)
    expect([file, (await stat(path)).mode & 0o222]).toEqual([file, file === active ? 0o200 : 0])
    const { stdout } = await run('qemu-img', ['check', '-f', 'qcow2', '--output=json', path])
    const report = JSON.parse(stdout) as { corruptions?: number; leaks?: number; 'check-errors': number }
    expect({ file, ...report }).toMatchObject({ file, 'check-errors': 0 })
    expect([report.corruptions ?? 0, report.leaks ?? 0]).toEqual([0, 0])
  }
  expect(existsSync(names.journal)).toBe(false)
  expect((await readdir(names.checkpoints).catch(() => [])).filter((name) => name.startsWith('.'))).toEqual([])
}
