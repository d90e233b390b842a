/**
 * The smallest guest that can be timed: one boot sector that counts to a fixed number for
 * ever and writes a mark to the debug console after each count. The host times the distances
 * of marks, so the firmware before the first one is no part of the measurement.
 *
 *   7c00  fa                cli
 *   7c01  31 c0             xor  ax, ax
 *   7c03  8e d8             mov  ds, ax
 *   7c05  66 b9 LL LL LL LL mov  ecx, loopsPerMark     ; round:
 *   7c0b  66 ff 06 00 90    inc  dword [0x9000]        ; again:
 *   7c10  66 49             dec  ecx
 *   7c12  75 f7             jnz  again
 *   7c14  b0 2e             mov  al, '.'
 *   7c16  e6 e9             out  0xe9, al
 *   7c18  eb eb             jmp  round
 *
 * The counter lies on another page than the code: a write to the code's own page would make
 * software emulation throw its translation away each time, and look fifty times too slow.
 */

/** What the guest writes to port 0xe9 after each count. */
export const markByte = 0x2e

/** High enough that a mark's own cost (an exit to QEMU, a few microseconds) is small beside the count. */
export const loopsPerMark = 100_000

/** The BIOS refuses disks without a single whole cylinder. */
const diskBytes = 1024 * 1024
const sectorBytes = 512

/** The guest as the image of a whole disk. */
export function meterDisk(): Uint8Array {
  const count = new Uint8Array(4)
  new DataView(count.buffer).setUint32(0, loopsPerMark, true)
  const code = [0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x66, 0xb9, ...count, 0x66, 0xff, 0x06, 0x00, 0x90, 0x66, 0x49, 0x75, 0xf7, 0xb0, markByte, 0xe6, 0xe9, 0xeb, 0xeb]
  const disk = new Uint8Array(diskBytes)
  disk.set(code)
  disk.set([0x55, 0xaa], sectorBytes - 2)
  return disk
}
