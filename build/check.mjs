/**
 * `npm run check`: all checkers, as many at once as there are cores, one line each, and the whole
 * words of those that fail. `npm run check -- lint types` runs some of them.
 */
import { availableParallelism } from 'node:os'
import { bootstrap, root } from './bootstrap.mjs'
import { checkers } from './checkers.mjs'

await bootstrap({ system: false })
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !checkers.some((checker) => checker.name === name))
if (unknown.length > 0) {
  console.error(`There is no checker called ${unknown.join(', ')}. There are: ${checkers.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

const waiting = checkers.filter(({ name }) => asked.length === 0 || asked.includes(name))
let failed = 0
await Promise.all(
  Array.from({ length: Math.max(1, availableParallelism()) }, async () => {
    for (let checker = waiting.shift(); checker !== undefined; checker = waiting.shift()) {
      const started = performance.now()
      const { passed, output } = await checker.check(root)
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      console.log(`${passed ? 'ok    ' : 'FAILED'} ${checker.name.padEnd(16)} ${seconds.padStart(5)} s  ${checker.question}`)
      if (passed) continue
      failed++
      console.log(output.trimEnd().replaceAll(/^/gm, '       '))
    }
  }),
)
console.log(failed === 0 ? 'All checks passed.' : `${failed} of the checks failed.`)
process.exitCode = failed === 0 ? 0 : 1
