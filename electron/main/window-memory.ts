/** Where the window was, and what has been said once. A file that does not parse costs only that. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface Bounds {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface WindowMemory {
  readonly bounds?: Bounds
  readonly maximized?: boolean
  /** Whether the user was told that machines run on when the window closes. */
  readonly toldAboutClosing?: boolean
}

const format = 'mayfly-window'
const smallest = { width: 720, height: 480 }

export function readMemory(file: string): WindowMemory {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    if (value['format'] !== format || value['version'] !== 1) return {}
    const bounds = readBounds(value['bounds'])
    return { ...(bounds === undefined ? {} : { bounds }), maximized: value['maximized'] === true, toldAboutClosing: value['toldAboutClosing'] === true }
  } catch {
    return {}
  }
}

export function writeMemory(file: string, memory: WindowMemory): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, `${JSON.stringify({ format, version: 1, ...memory }, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Bounds that can be seen on one of the displays there are now; undefined where they cannot. */
export function visibleBounds(bounds: Bounds | undefined, displays: readonly Bounds[]): Bounds | undefined {
  if (bounds === undefined) return undefined
  const grip = 80
  const isVisible = displays.some((area) => bounds.x + bounds.width > area.x + grip && bounds.x < area.x + area.width - grip && bounds.y >= area.y && bounds.y < area.y + area.height - grip)
  return isVisible ? bounds : undefined
}

function readBounds(value: unknown): Bounds | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { x, y, width, height } = value as Record<string, unknown>
  if (!isWhole(x) || !isWhole(y) || !isWhole(width) || !isWhole(height) || width < smallest.width || height < smallest.height) return undefined
  return { x, y, width, height }
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 100_000
}
