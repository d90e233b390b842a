/** How fast the host's time stamp counter runs: measured once, since it does not change while the host is up. */
import { loadNative } from '../native.ts'

let measured: number | null | undefined

/** Thousands of ticks a second; undefined where the host has no such counter. The first call takes 10 ms. */
export function hostTscKHz(): number | undefined {
  if (measured === undefined) measured = loadNative().tscKHz()
  return measured ?? undefined
}
