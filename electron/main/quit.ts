/**
 * Quitting. Machines do not need us to run, so they are left, saved or shut down as it is set or
 * answered; work of the engine we hold ends with us, so it is never cancelled unasked. Whatever is
 * waited for is said, and can be cut short, also by quitting again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isMayflyError } from '../../contract/errors.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { defaultSettings } from '../../contract/settings.ts'
import type { Settings } from '../../contract/settings.ts'
import { fromErrorRecord } from '../../contract/wire/error-record.ts'
import { withEngine } from '../../hosts/page/engine-access.ts'
import type { EngineAccess } from '../../hosts/page/engine-access.ts'
import { text } from '../../hosts/page/text/text.ts'
import type { Work } from './engine-mirror.ts'
import { askAboutFailures, decideWhatToDo, tellMachinesAreAwaited, tellWorkIsAwaited } from './quit-questions.ts'
import type { Ending } from './quit-questions.ts'

/** A setting that cannot be had soon is not waited for: the engine may be the very thing that does not answer. */
const settingsWithinMs = 2000
/** What takes no longer needs no words. */
const sayAfterMs = 1000

/** What quitting has to do with, as it is at any moment. */
export interface QuitScene {
  readonly engine: EngineAccess
  /** Machines that run. */
  readonly machines: () => readonly MachineSummary[]
  /** What would be lost with us. */
  readonly work: () => readonly Work[]
  /** Resolves once when what is there changed. Never where the signal comes first. */
  readonly nextChange: (signal: AbortSignal) => Promise<void>
  /** Resolves when somebody quits again meanwhile. Never where the signal comes first. */
  readonly nextQuit: (signal: AbortSignal) => Promise<void>
}

/** What the settings say about closing and quitting; the first ones where the engine does not tell in time. */
export async function readSettings(engine: EngineAccess): Promise<Pick<Settings, 'onWindowClose' | 'onQuit'>> {
  const asked = withEngine(engine, ({ client }) => client.settings.show({})).catch(() => defaultSettings)
  const late = AbortSignal.timeout(settingsWithinMs)
  return Promise.race([asked, new Promise<Settings>((resolve) => late.addEventListener('abort', () => resolve(defaultSettings), { once: true }))])
}

/** Does with what runs as it is set or answered. Resolves to whether to quit. */
export async function settleBeforeQuitting(scene: QuitScene): Promise<boolean> {
  const plan = await decideWhatToDo(scene.machines(), scene.work(), (await readSettings(scene.engine)).onQuit)
  if (plan === 'stay') return false
  if (plan.finishWork) {
    const waited = new AbortController()
    const finished = await awaitOpenly(workEnded(scene, waited.signal), scene, (signal) => tellWorkIsAwaited(scene.work(), signal))
    waited.abort()
    if (finished.cutShort === 'stay') return false
  }
  return plan.machines === 'leave' || endMachines(plan.machines, scene)
}

async function workEnded(scene: QuitScene, signal: AbortSignal): Promise<void> {
  while (scene.work().length > 0) await scene.nextChange(signal)
}

async function endMachines(ending: Ending, scene: QuitScene): Promise<boolean> {
  const chosen = new Set(scene.machines().filter((machine) => ending === 'shut-down' || canBeSaved(machine)).map(({ id }) => id))
  const left = (): MachineSummary[] => scene.machines().filter(({ id }) => chosen.has(id))
  const end = ending === 'save' ? saveAll : shutDownAll
  const outcome = await awaitOpenly(end(left(), scene.engine), scene, (signal) => tellMachinesAreAwaited(ending, left(), signal))
  let answer: 'stay' | 'leave' | 'force' | undefined = outcome.cutShort
  let sentences = outcome.result ?? []
  for (;;) {
    if (answer === 'leave') return true
    if (answer === 'stay') return false
    if (answer === 'force') sentences = await switchOffAll(left(), scene.engine)
    if (sentences.length === 0) return true
    answer = await askAboutFailures(ending, sentences)
  }
}

/** Waits, and after a moment says for what; each time somebody quits again it is said again. */
async function awaitOpenly<T, A extends string>(
  task: Promise<T>,
  { nextQuit }: QuitScene,
  tell: (signal: AbortSignal) => Promise<A | 'keep'>,
): Promise<{ readonly result?: T; readonly cutShort?: A }> {
  const over = new AbortController()
  const finished = task.then((result) => ({ result }))
  let reason: Promise<unknown> = sleep(sayAfterMs, undefined, { signal: over.signal }).catch(() => undefined)
  try {
    for (;;) {
      const early = await Promise.race([finished, reason.then(() => undefined)])
      if (early !== undefined) return early
      const box = new AbortController()
      const again = nextQuit(over.signal)
      const answer = await Promise.race([finished, tell(box.signal), again.then(() => 'again' as const)])
      box.abort()
      if (typeof answer === 'object') return answer
      if (answer !== 'keep' && answer !== 'again') return { cutShort: answer }
      reason = answer === 'again' ? Promise.resolve() : again
    }
  } finally {
    over.abort()
  }
}

/** Asks each guest to shut down, and waits. Resolves with the sentences of those that did not. */
function shutDownAll(running: readonly MachineSummary[], engine: EngineAccess): Promise<string[]> {
  return toEach(running, ({ id }) => withEngine(engine, ({ client }) => client.machine.stop({ machine: id })))
}

function switchOffAll(running: readonly MachineSummary[], engine: EngineAccess): Promise<string[]> {
  return toEach(running, ({ id }) => withEngine(engine, ({ client }) => client.machine.stop({ machine: id, force: true })))
}

/** What deletes itself when it stops would take its checkpoint along. */
function canBeSaved({ throwaway }: MachineSummary): boolean {
  return !throwaway
}

/**
 * Takes a checkpoint with RAM of each, and switches it off. One that cannot be saved runs on.
 * Resolves with the sentences of those that were not saved.
 */
function saveAll(running: readonly MachineSummary[], engine: EngineAccess): Promise<string[]> {
  const label = text.savedAtQuitting(new Date())
  return toEach(running, async ({ id }) => {
    const { error } = await withEngine(engine, async ({ client }) => {
      const job = await client.checkpoint.take({ machine: id, label, what: 'ram' })
      return client.job.wait({ job: job.id })
    })
    if (error !== null) throw fromErrorRecord(error)
    await withEngine(engine, ({ client }) => client.machine.stop({ machine: id, force: true }))
  })
}

async function toEach(machines: readonly MachineSummary[], act: (machine: MachineSummary) => Promise<unknown>): Promise<string[]> {
  const outcomes = await Promise.all(
    machines.map(async (machine) => {
      try {
        await act(machine)
        return undefined
      } catch (error) {
        return text.notEnded.of(machine.name, isMayflyError(error) ? error.message : String(error))
      }
    }),
  )
  return outcomes.filter((sentence) => sentence !== undefined)
}
