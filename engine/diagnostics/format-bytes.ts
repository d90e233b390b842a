/** Sizes in sentences for people: binary units, three digits. */
const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(3))} ${units[power] ?? 'bytes'}`
}
