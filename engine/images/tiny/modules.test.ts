import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { moduleClosure, moduleIndexes, moduleName } from './modules.ts'

/** An ELF64 file with nothing but a `.modinfo` section. */
function fakeModule(info: readonly string[]): Buffer {
  const modinfo = Buffer.from(info.map((line) => `${line}\0`).join(''))
  const names = Buffer.from('\0.modinfo\0.shstrtab\0')
  const header = Buffer.alloc(64)
  header.write('\x7fELF', 'latin1')
  const table = Buffer.alloc(3 * 64)
  const section = (index: number, name: number, offset: number, size: number): void => {
    table.writeUInt32LE(name, index * 64)
    table.writeBigUInt64LE(BigInt(offset), index * 64 + 0x18)
    table.writeBigUInt64LE(BigInt(size), index * 64 + 0x20)
  }
  section(1, 1, 64, modinfo.length)
  section(2, 10, 64 + modinfo.length, names.length)
  header.writeBigUInt64LE(BigInt(64 + modinfo.length + names.length), 0x28)
  header.writeUInt16LE(64, 0x3a)
  header.writeUInt16LE(3, 0x3c)
  header.writeUInt16LE(2, 0x3e)
  return Buffer.concat([header, modinfo, names, table])
}

const kernel = new Map([
  ['ext4', ['depends=jbd2,mbcache', 'softdep=pre: crc32c', 'alias=fs-ext4']],
  ['jbd2', ['depends=crc-base']],
  ['mbcache', ['depends=']],
  ['crc32c', ['depends=']],
  ['crc_base', ['depends=mbcache']],
])

test('dependencies, hard and soft, come before what needs them; what is built in is passed over', async () => {
  const modules = await moduleClosure(['ext4', 'built_in'], async (name) => {
    const info = kernel.get(name)
    return Promise.resolve(info === undefined ? null : { path: `kernel/${name}.ko`, bytes: fakeModule(info) })
  })
  expect(modules.map((module) => module.name)).toEqual(['mbcache', 'crc_base', 'jbd2', 'crc32c', 'ext4'])
  expect(moduleIndexes(modules)).toEqual({
    dep: [
      'kernel/mbcache.ko:',
      'kernel/crc_base.ko: kernel/mbcache.ko',
      'kernel/jbd2.ko: kernel/crc_base.ko kernel/mbcache.ko',
      'kernel/crc32c.ko:',
      'kernel/ext4.ko: kernel/jbd2.ko kernel/crc_base.ko kernel/mbcache.ko',
      '',
    ].join('\n'),
    alias: 'alias fs-ext4 ext4\n',
  })
})

test('a module that is cut short is an error of the storage, not a crash', async () => {
  const whole = fakeModule(['depends='])
  await expect(moduleClosure(['torn'], async () => Promise.resolve({ path: 'torn.ko', bytes: whole.subarray(0, 100) }))).rejects.toMatchObject({ code: 'storage-corrupt' })
})

test('a module\'s name is the same however its file is spelled', () => {
  expect(['kernel/drivers/snd-hda.ko', 'snd_hda.ko.xz', '/lib/snd-hda.ko.zst'].map(moduleName)).toEqual(['snd_hda', 'snd_hda', 'snd_hda'])
})
