/** Amounts as people read them. */

/** `1.5 GiB`, `434 MiB`, `12 B`. */
export function bytesShown(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
  let amount = bytes
  let unit = 0
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024
    unit++
  }
  const digits = unit === 0 || amount >= 100 ? 0 : 1
  return `${amount.toFixed(digits).replace(/\.0$/, '')} ${units[unit] ?? ''}`
}

/** `512 MiB`, `1.5 GiB`. */
export function memoryShown(memoryMiB: number): string {
  return bytesShown(memoryMiB * 1024 ** 2)
}

/** `12s`, `5m 12s`, `3h 7m`, `4d 2h`. */
export function durationShown(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const parts = [[Math.floor(whole / 86_400), 'd'], [Math.floor(whole / 3600) % 24, 'h'], [Math.floor(whole / 60) % 60, 'm'], [whole % 60, 's']] as const
  const first = parts.findIndex(([amount]) => amount > 0)
  if (first === -1) return '0s'
  return parts.slice(first, first + 2).filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount}${unit}`).join(' ')
}

/** `2026-11-23 05:31` on this host's clock. */
export function timeShown(iso: string): string {
  const time = new Date(iso)
  if (Number.isNaN(time.getTime())) return iso
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}`
}
