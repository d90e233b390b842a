/** What the page remembers between visits on this computer: folded groups, splits, sizes of letters. */

/** The value under `key`, if `check` takes it for one. */
export function recall<T>(key: string, check: (value: unknown) => value is T, otherwise: T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(`mayfly.${key}`) ?? 'null')
    return check(value) ? value : otherwise
  } catch {
    return otherwise
  }
}

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`mayfly.${key}`, JSON.stringify(value))
  } catch {
    // A browser may forbid it; then nothing is remembered.
  }
}
