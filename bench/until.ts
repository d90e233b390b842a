/** Waits for what no event tells. */

const defaultWithinMs = 30_000
const everyMs = 5

/** Resolves when `condition` holds. Throws, naming it, where it does not in time. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, withinMs = defaultWithinMs): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited ${withinMs} ms in vain until ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
