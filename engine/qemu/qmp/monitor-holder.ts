/**
 * Tells a monitor that somebody else drives from one whose QEMU hangs: neither greets. A
 * unix socket's queue of clients is visible in /proc/net/unix: the server's end of an
 * accepted connection has an inode, one that still waits to be accepted has none
 * (`unix_seq_show` in Linux' net/unix/af_unix.c; proc_net(5)).
 */
import { readFile } from 'node:fs/promises'

/** Num: RefCount Protocol Flags Type St Inode Path; only the path may hold spaces. */
const row = /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ [0-9A-F]+ [0-9A-F]+ ([0-9A-F]+) +([0-9]+) (.*)$/

export type MonitorHolder = 'another-client' | 'nobody' | 'unknown'

/**
 * Who is connected to the listening unix socket at `path`, from the point of view of a
 * client that has connected and was not greeted. `unknown` where the system does not show it.
 */
export async function observeHolder(path: string): Promise<MonitorHolder> {
  const table = await readFile('/proc/net/unix', 'utf8').catch(() => undefined)
  return table === undefined ? 'unknown' : holderFrom(table, path)
}

/** The same, from the text of /proc/net/unix. */
export function holderFrom(table: string, path: string): MonitorHolder {
  const connecting = '02'
  const connected = '03'
  let waiting = 0
  let accepted = 0
  for (const line of table.split('\n')) {
    const [, state, inode, socketPath] = row.exec(line) ?? []
    if (socketPath !== path) continue
    if (state === connecting && inode === '0') waiting += 1
    if (state === connected && inode !== '0') accepted += 1
  }
  if (waiting + accepted === 0) return 'unknown'
  return waiting > 0 && accepted > 0 ? 'another-client' : 'nobody'
}
