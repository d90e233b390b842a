import { expect, test } from 'vitest'
import { inParallel } from './in-parallel.ts'

test('each item once, so many at a time', async () => {
  const done: number[] = []
  let [now, most] = [0, 0]
  await inParallel(Array.from({ length: 20 }, (_, index) => index), 3, async (item) => {
    most = Math.max(most, ++now)
    await new Promise((resolve) => setImmediate(resolve))
    now--
    done.push(item)
  })
  expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index))
  expect(most).toBe(3)
})

test('after a failure no new one is begun', async () => {
  const begun: number[] = []
  const failing = inParallel([0, 1, 2, 3, 4, 5], 1, (item) => {
    begun.push(item)
    return item === 2 ? Promise.reject(new Error('two')) : Promise.resolve()
  })
  await expect(failing).rejects.toThrow('two')
  expect(begun).toEqual([0, 1, 2])
})
