import { expect, test } from 'vitest'
import { isMayflyError } from '../../contract/errors.ts'
import { runRequestSchema } from '../../contract/procedures/run.ts'
import { cellTitle, commandLineOf, planCells } from './plan-run.ts'

test('there is a cell for each combination, as often as asked, the last key changing fastest', () => {
  const cells = planCells({ matrix: { db: ['16', '17'], os: ['a', 'b'] }, count: 2 })
  expect(cells.map(({ index, values }) => `${index} ${values['db']}${values['os']}`)).toEqual(['0 16a', '1 16a', '2 16b', '3 16b', '4 17a', '5 17a', '6 17b', '7 17b'])
  expect(cells.map((cell) => cellTitle(cell, 8, 2)).slice(0, 2)).toEqual(['db=16, os=a, 1 of 2', 'db=16, os=a, 2 of 2'])
  expect(planCells({ matrix: {}, count: 1 })).toHaveLength(1)
  expect(cellTitle({ index: 0, values: {} }, 1, 1)).toBe('')
})

test('more than anybody can look at is refused', () => {
  try {
    planCells({ matrix: { a: Array.from({ length: 100 }, String), b: Array.from({ length: 11 }, String) }, count: 1 })
    expect.unreachable()
  } catch (error) {
    expect(isMayflyError(error, 'invalid-input')).toBe(true)
  }
})

test('the equal command line can be copied, and tells no secrets', () => {
  const request = runRequestSchema.parse({ template: 'x', argv: ['sh', '-c', "echo 'a b'"], env: { TOKEN: 'secret' }, matrix: { db: ['16', '17'] }, timeoutSeconds: 300, keepOnFailure: true })
  expect(commandLineOf(request, 'my tests')).toBe(String.raw`mayfly run 'my tests' --env TOKEN=... --matrix db=16,17 --timeout 300s --keep-on-failure -- sh -c 'echo '\''a b'\'''`)
})
