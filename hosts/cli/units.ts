/**
 * Sizes, durations and port forwards as people write them. Every refusal is a sentence that names
 * the flag; nothing is rounded in silence.
 */
import { usageError } from './failure.ts'
import { shown } from './safe-text.ts'

const mebibyte = 1024 ** 2

/** Bytes in each unit; `1G` means 1 GiB, as QEMU's own tools read it. */
const bytesIn: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024, kib: 1024,
  m: mebibyte, mib: mebibyte,
  g: 1024 ** 3, gib: 1024 ** 3,
  t: 1024 ** 4, tib: 1024 ** 4,
}

const millisecondsIn: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

interface Bounds {
  readonly min?: number
  readonly max?: number
}

const quantity = /^([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]*)$/

/**
 * A size in MiB: `512MiB`, `1.5G`, `2T`; a bare number is MiB.
 * @throws MayflyError invalid-input naming `flag`
 */
export function parseSizeMiB(flag: string, text: string, bounds: Bounds = {}): number {
  const match = quantity.exec(text)
  const unit = match?.[2]?.toLowerCase() ?? ''
  const factor = unit === '' ? mebibyte : bytesIn[unit]
  if (match?.[1] === undefined || factor === undefined) {
    const decimal = match !== null && /^[kmgt]b$/.test(unit)
    throw usageError(flag, `${flag} does not understand the size ${shown(text)}.`, decimal ? `Write ${match[1] ?? ''}${unit.charAt(0).toUpperCase()}iB: sizes are powers of two.` : 'Write a size such as 512MiB, 1.5GiB or 1024 (MiB).')
  }
  const sizeMiB = (Number(match[1]) * factor) / mebibyte
  if (!Number.isSafeInteger(sizeMiB)) throw usageError(flag, `${flag} takes whole MiB; ${shown(text)} is ${sizeMiB.toPrecision(6)} MiB.`)
  checkBounds(flag, sizeMiB, bounds, (value) => formatSizeMiB(value))
  return sizeMiB
}

/** `1024` as `1GiB`, `1536` as `1.5GiB`: the shortest form that reads back as the same. */
export function formatSizeMiB(sizeMiB: number): string {
  for (const [unit, factor] of [['TiB', 1024 ** 2], ['GiB', 1024]] as const) {
    const amount = sizeMiB / factor
    if (amount >= 1 && Number.isInteger(amount * 4)) return `${amount}${unit}`
  }
  return `${sizeMiB}MiB`
}

/**
 * A duration in milliseconds: `1500ms`, `60s`, `5m`, `1h`; a bare number is seconds.
 * @throws MayflyError invalid-input naming `flag`
 */
export function parseDurationMs(flag: string, text: string, bounds: Bounds = {}): number {
  const durationMs = readDuration(flag, text)
  checkBounds(flag, durationMs, bounds, (value) => (value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`))
  return durationMs
}

/**
 * A duration in whole seconds, written as for `parseDurationMs`.
 * @throws MayflyError invalid-input naming `flag`
 */
export function parseDurationSeconds(flag: string, text: string, bounds: Bounds = {}): number {
  const seconds = readDuration(flag, text) / 1000
  if (!Number.isInteger(seconds)) throw usageError(flag, `${flag} takes whole seconds, not ${shown(text)}.`)
  checkBounds(flag, seconds, bounds, (value) => `${value}s`)
  return seconds
}

function readDuration(flag: string, text: string): number {
  const match = quantity.exec(text)
  const unit = match?.[2] ?? ''
  const factor = unit === '' ? 1000 : millisecondsIn[unit.toLowerCase()]
  const durationMs = match === null || factor === undefined ? Number.NaN : Number(match[1]) * factor
  if (!Number.isSafeInteger(durationMs)) throw usageError(flag, `${flag} does not understand the time ${shown(text)}.`, 'Write a time such as 60s, 5m or 1500ms.')
  return durationMs
}

/**
 * A number, whole where `integer`.
 * @throws MayflyError invalid-input naming `flag`
 */
export function parseNumber(flag: string, text: string, integer: boolean, bounds: Bounds = {}): number {
  const pattern = integer ? /^-?[0-9]{1,16}$/ : /^-?[0-9]{1,16}(\.[0-9]{1,16})?$/
  const value = pattern.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value) || (integer && !Number.isSafeInteger(value))) throw usageError(flag, `${flag} takes a ${integer ? 'whole ' : ''}number, not ${shown(text)}.`)
  checkBounds(flag, value, bounds, String)
  return value
}

function checkBounds(flag: string, value: number, { min, max }: Bounds, write: (value: number) => string): void {
  if (min !== undefined && value < min) throw usageError(flag, `${flag} is at least ${write(min)}, not ${write(value)}.`)
  if (max !== undefined && value > max) throw usageError(flag, `${flag} is at most ${write(max)}, not ${write(value)}.`)
}

export interface Forward {
  readonly protocol: 'tcp' | 'udp'
  readonly hostAddress?: string
  readonly hostPort: number
  readonly guestPort: number
}

const forwardPattern = /^(?:(?<address>[0-9]{1,3}(?:\.[0-9]{1,3}){3}):)?(?<host>[0-9]{1,5}):(?<guest>[0-9]{1,5})(?:\/(?<protocol>tcp|udp))?$/

/**
 * A port forward: `[ADDRESS:]HOST:GUEST[/udp]`.
 * @throws MayflyError invalid-input naming `flag`
 */
export function parseForward(flag: string, text: string): Forward {
  const parts = forwardPattern.exec(text)?.groups
  if (parts === undefined) throw usageError(flag, `${flag} does not understand the forward ${shown(text)}.`, 'Write HOST:GUEST, such as 2222:22, 0.0.0.0:8080:80 or 5353:53/udp.')
  const port = (name: 'host' | 'guest'): number => {
    const value = Number(parts[name])
    if (value < 1 || value > 65_535) throw usageError(flag, `${flag} takes ports from 1 to 65535, not ${value}.`)
    return value
  }
  const address = parts['address']
  if (address?.split('.').some((byte) => Number(byte) > 255 || /^0[0-9]/.test(byte)) === true) throw usageError(flag, `${flag} does not understand the address ${address}.`, 'Give an IPv4 address, such as 0.0.0.0.')
  return {
    protocol: parts['protocol'] === 'udp' ? 'udp' : 'tcp',
    ...(address === undefined ? {} : { hostAddress: address }),
    hostPort: port('host'),
    guestPort: port('guest'),
  }
}

/**
 * `NAME=VALUE`, split at the first equals sign.
 * @throws MayflyError invalid-input naming `flag`
 */
export function parsePair(flag: string, text: string, form = 'NAME=VALUE'): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  const name = text.slice(0, Math.max(at, 0))
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw usageError(flag, `${flag} takes ${form}, not ${shown(text)}.`, 'A name begins with a letter or _, and goes on with letters, digits and _.')
  return [name, text.slice(at + 1)]
}
