/** Waits for a condition, not for a time. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, timeoutMs = 15_000): Promise<void> {
  for (const deadline = performance.now() + timeoutMs; !(await condition()); ) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Answers with a number once it has stopped growing. */
export async function settled(read: () => number): Promise<number> {
  let last = read()
  let unchanged = 0
  await until(() => {
    const now = read()
    unchanged = now === last ? unchanged + 1 : 0
    last = now
    return unchanged >= 60
  }, 'it stopped growing')
  return last
}
