/** For tests: files that are images, as small as they can be. */

/** A CD image of one volume descriptor (ECMA-119, 8.4); `filler` makes its content another. */
export function makeIso(filler: string, sectors = 40): Buffer {
  const iso = Buffer.alloc(sectors * 2048)
  const descriptor = 16 * 2048
  iso.writeUInt8(1, descriptor)
  iso.write('CD001', descriptor + 1, 'latin1')
  iso.writeUInt32LE(sectors, descriptor + 80)
  iso.writeUInt16LE(2048, descriptor + 128)
  iso.write(filler, 20 * 2048)
  return iso
}

/** A raw disk with a boot sector's signature and nothing else. */
export function makeRawDisk(filler: string, bytes = 1024 * 1024): Buffer {
  const disk = Buffer.alloc(bytes)
  disk.writeUInt16LE(0xaa55, 510)
  disk.write(filler, 4096)
  return disk
}
