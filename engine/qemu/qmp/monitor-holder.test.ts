import { expect, test } from 'vitest'
import { holderFrom } from './monitor-holder.ts'

const header = 'Num       RefCount Protocol Flags    Type St Inode Path\n'
const listening = '0000000070b5fcf1: 00000002 00000000 00010000 0001 01 13873 /run/a b/qmp.sock\n'
const held = '000000008e13297a: 00000003 00000000 00000000 0001 03 13875 /run/a b/qmp.sock\n'
const waiting = '00000000750e13bd: 00000003 00000000 00000000 0001 02     0 /run/a b/qmp.sock\n'
const other = '00000000750e13be: 00000003 00000000 00000000 0001 03 14000 /run/a b/qmp.sock2\n'

test('tells a held monitor from one whose QEMU accepts nobody', () => {
  const path = '/run/a b/qmp.sock'
  expect(holderFrom(header + listening + held + waiting + other, path)).toBe('another-client')
  expect(holderFrom(header + listening + waiting + other, path)).toBe('nobody')
  expect(holderFrom(header + listening + held, path)).toBe('nobody')
  expect(holderFrom(header + other, path)).toBe('unknown')
})
