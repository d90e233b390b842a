/**
 * Hands out places and takes none back. A device that is gone keeps its place, so that it finds it
 * again; only when there is no other room does a newcomer get it.
 */
import { MayflyError } from '../../../contract/errors.ts'
import { maxRootPorts } from './devices/controllers.ts'
import type { Address } from './hardware.ts'
import type { InventoryItem, PlaceKind } from './inventory.ts'
import { onlyOne, rootPortId } from './qemu-ids.ts'

/** Slots of pcie.0 for what a machine has once. Never renumber: machines that exist carry theirs in hardware.json. */
const boardSlots: Readonly<Record<string, number>> = {
  [onlyOne.display]: 1,
  [onlyOne.scsiController]: 2,
  [onlyOne.serialBus]: 3,
  [onlyOne.usbController]: 4,
  [onlyOne.rng]: 5,
  [onlyOne.balloon]: 6,
  [onlyOne.watchdog]: 7,
  [onlyOne.panic]: 8,
  [onlyOne.sound]: 9,
}

/** Of the chipset's AHCI controller. */
export const sataPorts = 6
const scsiTargets = 256
/** Of a microvm with its second I/O APIC (docs/system/i386/microvm.rst). */
export const mmioTransports = 24

/** Free root ports a machine starts with beyond those in use, so that devices can be plugged while it runs. */
const spareRootPorts = 4

export interface Places {
  readonly addresses: Readonly<Record<string, Address>>
  readonly rootPorts: number
}

/** A place for every item. Throws `invalid-input` where the board has no more room of that kind. */
export function givePlaces(items: readonly InventoryItem[], previous: Places): Places {
  const placeById = new Map(items.map((item) => [item.id, item.place]))
  const present = new Set(placeById.keys())
  // A device that now needs another kind of place gives up the old one at once.
  const addresses: Record<string, Address> = Object.fromEntries(
    Object.entries(previous.addresses).filter(([id, address]) => !placeById.has(id) || placeById.get(id) === placeOf(address)),
  )
  for (const item of items) {
    if (item.place === 'none' || addresses[item.id] !== undefined) continue
    addresses[item.id] = freeAddress(item.id, item.place, addresses, present)
  }
  const inUse = items.filter((item) => item.place === 'port')
  const highest = Math.max(-1, ...Object.values(addresses).map(rootPortOf))
  const wanted = items.some((item) => item.place === 'board' || item.place === 'port') ? inUse.length + spareRootPorts : 0
  return { addresses, rootPorts: Math.min(maxRootPorts, Math.max(previous.rootPorts, highest + 1, wanted)) }
}

function freeAddress(id: string, place: Exclude<PlaceKind, 'none'>, addresses: Record<string, Address>, present: ReadonlySet<string>): Address {
  const candidates = candidatesFor(id, place)
  const holderOf = new Map(Object.entries(addresses).map(([holder, address]) => [addressKey(address), holder]))
  const unheld = candidates.find((candidate) => !holderOf.has(addressKey(candidate)))
  if (unheld !== undefined) return unheld
  for (const candidate of candidates) {
    const holder = holderOf.get(addressKey(candidate))
    if (holder !== undefined && !present.has(holder)) {
      delete addresses[holder]
      return candidate
    }
  }
  const message = `The machine has room for ${candidates.length} devices of this kind, and ${id} would be one more.`
  throw new MayflyError('invalid-input', message, { issues: [{ path: id, message }] })
}

function candidatesFor(id: string, place: Exclude<PlaceKind, 'none'>): Address[] {
  const upTo = (count: number, address: (index: number) => Address): Address[] => Array.from({ length: count }, (_, index) => address(index))
  switch (place) {
    case 'board': {
      const slot = boardSlots[id]
      if (slot === undefined) throw new MayflyError('bug', `The device ${id} has no slot on the board.`, { reference: `argv:slot:${id}` })
      return [{ kind: 'pci', bus: 'pcie.0', slot }]
    }
    case 'port':
      return upTo(maxRootPorts, (index) => ({ kind: 'pci', bus: rootPortId(index), slot: 0 }))
    case 'sata':
      return upTo(sataPorts, (port) => ({ kind: 'sata', port }))
    case 'scsi':
      return upTo(scsiTargets, (target) => ({ kind: 'scsi', target }))
    case 'mmio':
      // Transport 0 stays empty: its interrupt (GSI 24, pin 0 of the second IOAPIC) never reaches a
      // Linux guest, seen on QEMU 7.2.22 under TCG. Most drivers need none to load, and then hang.
      return upTo(mmioTransports - 1, (index) => ({ kind: 'mmio', transport: index + 1 }))
  }
}

function placeOf(address: Address): Exclude<PlaceKind, 'none'> {
  if (address.kind !== 'pci') return address.kind
  return address.bus === 'pcie.0' ? 'board' : 'port'
}

function rootPortOf(address: Address): number {
  return address.kind === 'pci' && address.bus !== 'pcie.0' ? Number(address.bus.slice('port-'.length)) : -1
}

function addressKey(address: Address): string {
  switch (address.kind) {
    case 'pci':
      return `pci ${address.bus} ${address.slot}`
    case 'sata':
      return `sata ${address.port}`
    case 'scsi':
      return `scsi ${address.target}`
    case 'mmio':
      return `mmio ${address.transport}`
  }
}
