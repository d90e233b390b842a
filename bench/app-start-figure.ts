/** From the start of the app to a list of machines one can use, against the same Electron with an empty window; in turns. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openDisplay } from '../e2e/drivers/virtual-display.ts'
import type { Bench } from './bench.ts'
import { appFolder, browserFlags } from './bench-window.ts'
import { median } from './figure.ts'
import type { Measured } from './figure.ts'
import { fillUp } from './fleet.ts'
import { electronEnvironment, electronProgram } from './open-electron.ts'
import { emptyIsShown, listIsShown, writeStartProbe } from './start-probe.ts'

const machines = 50
const rounds = 15
const fewestRounds = 5
/** Starts that do not count: Chromium keeps compiled scripts after it has met them twice. */
const warmUps = 4
const warmUpMs = 2500
const shownWithinMs = 60_000
const endsWithinMs = 10_000

export async function measureAppStart(bench: Bench): Promise<Measured> {
  const program = electronProgram()
  await fillUp(bench, machines)
  // The usual case: nobody holds the engine, so the app does.
  await bench.home.killEngine()
  const display = await openDisplay()
  try {
    const folder = await writeStartProbe(join(bench.home.root, 'probe'))
    const env = await electronEnvironment(bench.home, display)
    const start = async (variables: NodeJS.ProcessEnv, lingerMs: number): Promise<number> => {
      const startedAt = performance.now()
      const app = spawn(program, [...browserFlags, folder], { env: { ...env, ...variables }, stdio: ['ignore', 'pipe', 'pipe'] })
      const ended = once(app, 'exit')
      let stderr = ''
      app.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
      const timer = setTimeout(() => app.kill('SIGKILL'), shownWithinMs)
      try {
        for await (const chunk of app.stdout) if (String(chunk).startsWith('shown')) break
        const tookMs = performance.now() - startedAt
        if (app.exitCode !== null || app.signalCode !== null) throw new Error(`The app ended before it showed anything: ${stderr}`)
        await new Promise((resolve) => setTimeout(resolve, lingerMs))
        return tookMs
      } finally {
        clearTimeout(timer)
        app.kill('SIGTERM')
        const hard = setTimeout(() => app.kill('SIGKILL'), endsWithinMs)
        await ended
        clearTimeout(hard)
      }
    }
    const mayfly = (lingerMs = 0): Promise<number> => start({ BENCH_MAIN: pathToFileURL(join(appFolder(), 'out/desktop/main.mjs')).href, BENCH_SHOWS: listIsShown }, lingerMs)
    const empty = (lingerMs = 0): Promise<number> => start({ BENCH_DATA: join(bench.home.root, 'empty'), BENCH_SHOWS: emptyIsShown }, lingerMs)

    for (let time = 0; time < warmUps; time++) {
      bench.say(`window-start: warming up, ${time + 1} of ${warmUps}`)
      await mayfly(warmUpMs)
      await empty(time === 0 ? warmUpMs : 0)
    }
    const [mayflyMs, emptyMs]: [number[], number[]] = [[], []]
    while (mayflyMs.length < rounds && (mayflyMs.length < fewestRounds || bench.hasTime('window-start'))) {
      if (mayflyMs.length % 5 === 0) bench.say(`window-start: round ${mayflyMs.length + 1} of ${rounds}`)
      const turns = [async () => void mayflyMs.push(await mayfly()), async () => void emptyMs.push(await empty())]
      for (const turn of mayflyMs.length % 2 === 0 ? turns : turns.toReversed()) await turn()
    }
    return { value: median(mayflyMs) / median(emptyMs), samples: { mayflyMs, emptyMs }, beside: { mayflyMedianMs: median(mayflyMs), emptyMedianMs: median(emptyMs), machines } }
  } finally {
    await display.close()
  }
}
