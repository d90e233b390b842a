/**
 * The pile of layers that a living machine's RAM is made of, as its library in QEMU tells, opened for
 * those who begin from it. Extents of a layer never change, so they are asked for once for each of its serial numbers.
 */
import { closeSync } from 'node:fs'
import { makeRandomId } from '../jobs/random-id.ts'
import type { OpenRamLayer, RamExtents } from '../qemu/process/ram-layer.ts'
import { describeRam, freezeRam, isNobodyThere, openRamLayer, prepareFreeze, ramLayerExtents } from '../qemu/process/ram-library.ts'
import type { LiveMachine } from './live-machine.ts'

/** One layer, by the number its QEMU knows it by. */
interface Held {
  readonly id: string
  readonly qemuDescriptor: number
  readonly extents: RamExtents
}

/** What a machine's RAM stood on before it is frozen. */
export interface RamPile {
  readonly socket: string
  readonly layers: readonly Held[]
}

const known = new WeakMap<Pick<LiveMachine, 'process'>, Map<number, RamExtents>>()

/** The pile as it is; null where this QEMU has no library, and its RAM must go through the stream. Throws `host-unavailable` where it has one that does not answer. */
export async function readPile(live: Pick<LiveMachine, 'process'>, socket: string): Promise<RamPile | null> {
  let description
  try {
    description = await describeRam(socket)
  } catch (error) {
    if (isNobodyThere(error)) return null
    throw error
  }
  const before = known.get(live)
  const extentsOf = new Map<number, RamExtents>()
  known.set(live, extentsOf)
  const layers: Held[] = []
  // One after the other: the library hears only a few at once.
  for (const { id, qemuDescriptor, serial } of description.layers) {
    const extents = before?.get(serial) ?? (await ramLayerExtents(socket, id))
    extentsOf.set(serial, extents)
    layers.push({ id, qemuDescriptor, extents })
  }
  return { socket, layers }
}

/** Allocates what the freeze will need, while the guest runs: little or nothing where it wrote little since the last one. */
export async function preparePile(pile: RamPile): Promise<void> {
  if (pile.layers.length > 0) await prepareFreeze(pile.socket)
}

/** Freezes what the machine wrote since. It must stand still. Throws as `freezeRam`; the machine then has what it had. */
export async function freezePile(live: Pick<LiveMachine, 'process'>, pile: RamPile): Promise<RamPile> {
  const id = makeRandomId()
  const { qemuDescriptor, extents, serial } = await freezeRam(pile.socket, id)
  known.get(live)?.set(serial, extents)
  return { ...pile, layers: [...pile.layers, { id, qemuDescriptor, extents }] }
}

/** Opens all layers, lowest first. They outlive their QEMU; the caller closes them. */
export function openPile(live: Pick<LiveMachine, 'process'>, pile: RamPile): OpenRamLayer[] {
  const opened: OpenRamLayer[] = []
  try {
    for (const { id, qemuDescriptor, extents } of pile.layers) opened.push({ id, descriptor: openRamLayer(live.process.pid, qemuDescriptor), extents })
    return opened
  } catch (error) {
    closePile(opened)
    throw error
  }
}

export function closePile(layers: readonly OpenRamLayer[]): void {
  for (const { descriptor } of layers) closeSync(descriptor)
}
