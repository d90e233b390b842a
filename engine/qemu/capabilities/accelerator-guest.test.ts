import { expect, test } from 'vitest'
import { loopsPerMark, meterDisk } from './accelerator-guest.ts'

test('the guest is the boot sector of its listing, on a disk with a whole cylinder', () => {
  const disk = meterDisk()
  const listing = 'fa 31 c0 8e d8 66 b9 a0 86 01 00 66 ff 06 00 90 66 49 75 f7 b0 2e e6 e9 eb eb'.split(' ').map((byte) => Number.parseInt(byte, 16))
  expect(loopsPerMark).toBe(0x000186a0)
  expect([...disk.subarray(0, listing.length)]).toEqual(listing)
  expect([...disk.subarray(510, 512)]).toEqual([0x55, 0xaa])
  expect(disk.subarray(listing.length, 510).every((byte) => byte === 0) && disk.subarray(512).every((byte) => byte === 0)).toBe(true)
  expect(disk.length).toBeGreaterThanOrEqual(63 * 16 * 512)
})
