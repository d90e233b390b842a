/**
 * libvirt's place beside a figure. It is not measured: its daemon would have to be started for
 * the bench, and machines defined in it that the user's own virsh then shows.
 */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export function besideLibvirt(): { readonly libvirtMedianMs: null; readonly libvirtReason: string } {
  const isInstalled = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'virsh')))
  return { libvirtMedianMs: null, libvirtReason: isInstalled ? 'It would leave machines of its own behind.' : 'virsh is not installed.' }
}
