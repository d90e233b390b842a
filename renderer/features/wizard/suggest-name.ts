/** Names for machines that nobody has named yet. */
import type { MachineSummary } from '../../../contract/machine.ts'

/** What says nothing about what a machine is: formats, architectures, kinds of media. */
const noise = /[-_. ]+(amd64|x86[-_]64|x64|i386|i686|arm64|aarch64|netinst|dvd-?\d*|cd-?\d*|live|desktop|server|installer|generic|genericcloud|nocloud|cloudimg|cloud|latest|iso|qcow2|img|raw|vmdk|vdi|vhdx?)(?=[-_. ]|$)/gi

/** The image's name, shortened, and a number where that is taken. */
export function suggestName(image: string | undefined, machines: readonly MachineSummary[]): string {
  const taken = new Set(machines.map(({ name }) => name))
  const wanted = (image ?? 'machine').replace(/\.(iso|qcow2|img|raw|vmdk|vdi|vhdx?)$/i, '').replaceAll(noise, '').replace(/[-_. ]+$/, '').trim().slice(0, 60) || 'machine'
  if (!taken.has(wanted)) return wanted
  const stem = wanted.replace(/-\d+$/, '')
  for (let number = 2; ; number++) if (!taken.has(`${stem}-${number}`)) return `${stem}-${number}`
}
