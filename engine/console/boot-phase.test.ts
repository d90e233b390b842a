import { expect, test } from 'vitest'
import { BootPhaseReader, usualBootSeconds } from './boot-phase.ts'

const grub = 'SeaBIOS (version 1.16.2-debian-1.16.2-1)\nBooting from Hard Disk...\nWelcome to GRUB!\n'
const kernel = '[    0.000000] Linux version 6.1.0-31-amd64\n[    1.234567] virtio_blk virtio3: [vda] 41943040 512-byte logical blocks\n'

test.each([
  ['', null],
  ['hello from a bare program\n', null],
  ['SeaBIOS (version 1.16.2)\n', 'firmware'],
  ['BdsDxe: loading Boot0001 "UEFI Misc Device"\n', 'firmware'],
  [grub, 'loader'],
  [`${grub}${kernel}`, 'kernel'],
  [`${kernel}[    2.300000] Run /init as init process\n`, 'userspace'],
  [`${kernel}[    3.000000] systemd[1]: Detected virtualization qemu.\n`, 'userspace'],
  [`${kernel}Welcome to Debian GNU/Linux 12 (bookworm)!\n`, 'userspace'],
  [`${kernel}Debian GNU/Linux 12 web ttyS0\r\n\r\nweb login: `, 'ready'],
  ['\u001b[32mMAYFLY READY 3.98\u001b[0m\r\n\n\ntiny:~# ', 'ready'],
  // Who logged in last is no prompt.
  [`${kernel}Last login: Thu Nov 19 on tty2\n`, 'kernel'],
])('%j is %s, in one piece and letter by letter', (serial, phase) => {
  const [whole, letters] = [new BootPhaseReader(), new BootPhaseReader()]
  whole.push(Buffer.from(serial))
  for (const letter of serial) letters.push(Buffer.from(letter))
  expect([whole.phase, letters.phase]).toEqual([phase, phase])
})

test('what is usual is the middle of the last five', () => {
  const boots = (...seconds: number[]) => seconds.map((readySeconds) => ({ startedAt: '2026-11-23T07:42:48.000Z', phases: {}, readySeconds }))
  expect([usualBootSeconds([]), usualBootSeconds(boots(4)), usualBootSeconds(boots(90, 5, 4, 6, 5, 5))]).toEqual([null, 4, 5])
})
