/** What a throwaway run costs a tester: the whole process of `mayfly run TEMPLATE -- true`, in turns with a Node that does nothing. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { nativeFolder } from '../engine/native.ts'
import type { Bench } from './bench.ts'
import { median, medianDifference } from './figure.ts'
import type { Measured } from './figure.ts'
import { isWarm, tinyTemplate } from './hatch-figures.ts'
import { until } from './until.ts'

const rounds = 9
const fewestRounds = 3

/** With a process waiting; the machine is gone when the process has ended. */
export async function measureRun(bench: Bench): Promise<Measured> {
  const client = await tinyTemplate(bench)
  await client.template.setPool({ template: 'bench', wanted: '1' })
  const cli = join(nativeFolder(), '..', 'cli', 'mayfly.mjs')
  const [mayfly, node]: [number[], number[]] = [[], []]
  await timeProcess([cli, 'run', 'bench', '--', 'true'], bench)
  while (mayfly.length < rounds && (mayfly.length < fewestRounds || bench.hasTime('run'))) {
    await until(() => isWarm(client, 1), 'a fork waits')
    bench.say(`run: round ${mayfly.length + 1} of ${rounds}`)
    mayfly.push(await timeProcess([cli, 'run', 'bench', '--', 'true'], bench))
    node.push(await timeProcess(['-e', '0'], bench))
  }
  await client.template.setPool({ template: 'bench', wanted: '0' })
  const cells = (await client.run.list({ limit: rounds })).flatMap((run) => run.cells)
  return {
    value: medianDifference(mayfly, node),
    samples: { mayflyMs: mayfly, nodeMs: node },
    beside: { mayflyMedianMs: median(mayfly), nodeMedianMs: median(node), forkMedianMs: median(cells.map(({ readyMs }) => readyMs ?? 0)), commandMedianMs: median(cells.map(({ durationMs }) => durationMs ?? 0)) },
  }
}

/** From the spawn to the end. Throws where it fails. */
async function timeProcess(args: readonly string[], bench: Bench): Promise<number> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, { env: { ...bench.home.env }, stdio: ['ignore', 'ignore', 'inherit'] })
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}.`)
  return performance.now() - startedAt
}
