/** Sizes as people write them: `1.5 GiB`, `512`, `20 GB`. Numbers without a unit have the default one. */
import { formatNumber } from '../text/numbers.ts'

/** Bytes of each unit. `K`, `M`, `G` alone mean the binary ones, as QEMU's users expect. */
const units: Readonly<Record<string, number>> = {
  b: 1, k: 1024, kib: 1024, kb: 1000, m: 1024 ** 2, mib: 1024 ** 2, mb: 1000 ** 2, g: 1024 ** 3, gib: 1024 ** 3, gb: 1000 ** 3, t: 1024 ** 4, tib: 1024 ** 4, tb: 1000 ** 4,
}

const mib = 1024 ** 2

/** MiB, rounded to whole ones; undefined where the text is no size. A comma is a decimal point too. */
export function parseSizeMiB(text: string, defaultUnit: 'MiB' | 'GiB'): number | undefined {
  const match = /^\s*(\d{1,15}(?:[.,]\d{1,6})?)\s*([a-z]{0,3})\s*$/i.exec(text)
  if (match === null) return undefined
  const [, amount = '', unit = ''] = match
  const factor = units[(unit === '' ? defaultUnit : unit).toLowerCase()]
  return factor === undefined ? undefined : Math.round((Number(amount.replace(',', '.')) * factor) / mib)
}

/** `1.5 GiB`, `512 MiB`, `18 MiB`; three figures at most after rounding. */
export function formatBytes(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let index = 0
  while (value >= 1000 && index < names.length - 1) {
    value /= 1024
    index++
  }
  const digits = value >= 100 || index === 0 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2
  return `${formatNumber(value, digits)} ${names[index]}`
}

export function formatMiB(sizeMiB: number): string {
  return formatBytes(sizeMiB * mib)
}
