/** Quitting: does with the machines that run what is set, or asks. Machines do not need us to run. */
import { dialog } from 'electron'
import { isMayflyError } from '../../contract/errors.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { defaultSettings } from '../../contract/settings.ts'
import type { Settings } from '../../contract/settings.ts'
import { fromErrorRecord } from '../../contract/wire/error-record.ts'
import { withEngine } from '../../hosts/page/engine-access.ts'
import type { EngineAccess } from '../../hosts/page/engine-access.ts'

type Answer = 'leave' | 'shut-down' | 'save' | 'stay'

/** A setting that cannot be had soon is not waited for: the engine may be the very thing that does not answer. */
const settingsWithinMs = 2000

/** What the settings say about closing and quitting; the first ones where the engine does not tell in time. */
export async function readSettings(engine: EngineAccess): Promise<Pick<Settings, 'onWindowClose' | 'onQuit'>> {
  const asked = withEngine(engine, ({ client }) => client.settings.show({})).catch(() => defaultSettings)
  const late = AbortSignal.timeout(settingsWithinMs)
  return Promise.race([asked, new Promise<Settings>((resolve) => late.addEventListener('abort', () => resolve(defaultSettings), { once: true }))])
}

const answers: readonly Answer[] = ['leave', 'save', 'shut-down', 'stay']

/** What to do with the machines that run: as it is set, or as somebody answers. */
export async function decideAboutMachines(running: readonly MachineSummary[], onQuit: Settings['onQuit']): Promise<Answer> {
  if (running.length === 0) return 'leave'
  switch (onQuit) {
    case 'leave-running': return 'leave'
    case 'save': return 'save'
    case 'shut-down': return 'shut-down'
    case 'ask': return askAboutMachines(running)
  }
}

async function askAboutMachines(running: readonly MachineSummary[]): Promise<Answer> {
  const names = running.slice(0, 8).map(({ name }) => name)
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: running.length === 1 ? 'One machine runs.' : `${running.length} machines run.`,
    detail: `${names.join(', ')}${running.length > names.length ? ' …' : ''}\n\nThey can run on without Mayfly; it finds them when it opens again. Saved ones are off, and go on from their checkpoint when it is restored.`,
    buttons: [running.length === 1 ? 'Leave it running' : 'Leave them running', 'Save and quit', 'Shut down and quit', 'Cancel'],
    defaultId: 0,
    cancelId: 3,
    noLink: true,
  })
  return answers[response] ?? 'stay'
}

/** Asks each guest to shut down, and waits. Resolves with the sentences of those that did not. */
export function shutDownAll(running: readonly MachineSummary[], engine: EngineAccess): Promise<string[]> {
  return toEach(running, ({ id }) => withEngine(engine, ({ client }) => client.machine.stop({ machine: id })))
}

/**
 * Takes a checkpoint with RAM of each, and switches it off. One that cannot be saved runs on. What
 * deletes itself when it stops would take its checkpoint along: it runs on too.
 * Resolves with the sentences of those that were not saved.
 */
export function saveAll(running: readonly MachineSummary[], engine: EngineAccess): Promise<string[]> {
  const label = `When Mayfly was quit, ${new Date().toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' })}`
  return toEach(running.filter(({ throwaway, role }) => !throwaway && role === 'machine'), async ({ id }) => {
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
        return `${machine.name}: ${isMayflyError(error) ? error.message : String(error)}`
      }
    }),
  )
  return outcomes.filter((sentence) => sentence !== undefined)
}
