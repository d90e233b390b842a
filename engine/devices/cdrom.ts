/** What people are told about a CD drive. */
import type { Cdrom } from '../../contract/device.ts'
import { sayBootIndex, sayText, type Setting, setting } from './setting.ts'

const sayMedium = (image: string | null): string => (image === null ? 'empty' : `image ${image}`)

/** `CD drive on sata, empty`. */
export function describeCdrom(cdrom: Cdrom): string {
  return `CD drive on ${cdrom.bus}, ${sayMedium(cdrom.image)}`
}

export const cdromSettings: readonly Setting<Cdrom>[] = [
  setting('bus', 'next-start', (cdrom) => cdrom.bus, sayText),
  setting('image', 'now', (cdrom) => cdrom.image, sayMedium),
  setting('bootIndex', 'next-start', (cdrom) => cdrom.bootIndex, sayBootIndex),
]
