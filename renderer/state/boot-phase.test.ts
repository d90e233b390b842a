import { expect, test } from 'vitest'
import { bootPhase, bootSeconds, lastLines, usualSeconds } from './boot-phase.ts'
import { plainText } from './plain-text.ts'

const grub = 'SeaBIOS (version 1.16.2-debian-1.16.2-1)\nBooting from Hard Disk...\nWelcome to GRUB!\n'
const kernel = '[    0.000000] Linux version 6.1.0-31-amd64\n[    1.234567] virtio_blk virtio3: [vda] 41943040 512-byte logical blocks\n'

test.each([
  ['', undefined],
  ['hello from a bare program\n', undefined],
  ['SeaBIOS (version 1.16.2)\n', 'firmware'],
  ['BdsDxe: loading Boot0001 "UEFI Misc Device"\n', 'firmware'],
  [grub, 'loader'],
  [`${grub}${kernel}`, 'kernel'],
  [`${kernel}[    2.300000] Run /init as init process\n`, 'userspace'],
  [`${kernel}[    3.000000] systemd[1]: Detected virtualization qemu.\n`, 'userspace'],
  [`${kernel}Welcome to Debian GNU/Linux 12 (bookworm)!\n`, 'userspace'],
  [`${kernel}Debian GNU/Linux 12 web ttyS0\n\nweb login: `, 'ready'],
  ['MAYFLY READY 3.98\n\n\ntiny:~# ', 'ready'],
  // A guest that was reset begins anew, and who logs in is no prompt.
  [`${kernel}web login: \n${grub}`, 'loader'],
  [`${kernel}Last login: Thu Nov 19 on tty2\n`, 'kernel'],
])('%j is %s', (serial, phase) => {
  expect(bootPhase(serial)).toBe(phase)
})

test('the last lines are those that say something, and nothing that steers a terminal', () => {
  expect(lastLines(plainText('\u001b[32m one \u001b[0m\r\n\r\n  two\r\nthree\u001b[6n\n\n'), 2)).toEqual(['  two', 'three'])
})

test('earlier boots are read from the log of events; what is usual is their middle', () => {
  const log = [
    '2026-11-23T07:42:30.000Z created: "web" was made.', '2026-11-23T07:42:48.000Z started: web started.', '2026-11-23T07:42:52.500Z agent-answers: The guest agent of web answers.',
    '2026-11-23T08:00:00.000Z started: web started.', '2026-11-23T08:00:01.000Z stopped: web was switched off.',
    '2026-11-23T09:00:00.000Z started: web started.', '2026-11-23T09:00:20.000Z agent-answers: The guest agent of web answers.', '2026-11-23T09:30:00.000Z agent-answers: The guest agent of web answers.',
  ].join('\n')
  expect(bootSeconds(log)).toEqual([4.5, 20])
  expect([usualSeconds([]), usualSeconds([4]), usualSeconds([90, 5, 4, 6, 5, 5])]).toEqual([undefined, 4, 5])
})
