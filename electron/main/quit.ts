/** Quitting: does with the machines that run what is set, or asks. Machines do not need us to run. */
import { dialog } from 'electron'
import { isMayflyError } from '../../contract/errors.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { defaultSettings } from '../../contract/settings.ts'
import type { Settings } from '../../contract/settings.ts'
import { withEngine } from '../../hosts/page/engine-access.ts'
import type { EngineAccess } from '../../hosts/page/engine-access.ts'

type Answer = 'leave' | 'shut-down' | 'stay'

/** A setting that cannot be had soon is not waited for: the engine may be the very thing that does not answer. */
const settingsWithinMs = 2000

/** What the settings say about closing and quitting; the first ones where the engine does not tell in time. */
export async function readSettings(engine: EngineAccess): Promise<Pick<Settings, 'onWindowClose' | 'onQuit'>> {
  const asked = withEngine(engine, ({ client }) => client.settings.show({})).catch(() => defaultSettings)
  const late = AbortSignal.timeout(settingsWithinMs)
  return Promise.race([asked, new Promise<Settings>((resolve) => late.addEventListener('abort', () => resolve(defaultSettings), { once: true }))])
}

const answers: readonly Answer[] = ['leave', 'shut-down', 'stay']

/** What to do with the machines that run: as it is set, or as somebody answers. */
export async function decideAboutMachines(running: readonly MachineSummary[], onQuit: Settings['onQuit']): Promise<Answer> {
  if (running.length === 0) return 'leave'
  switch (onQuit) {
    case 'leave-running': return 'leave'
    case 'shut-down': return 'shut-down'
    case 'ask': return askAboutMachines(running)
  }
}

async function askAboutMachines(running: readonly MachineSummary[]): Promise<Answer> {
  const names = running.slice(0, 8).map(({ name }) => name)
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: running.length === 1 ? 'One machine runs.' : `${running.length} machines run.`,
    detail: `${names.join(', ')}${running.length > names.length ? ' …' : ''}\n\nThey can run on without Mayfly; it finds them when it opens again.`,
    buttons: [running.length === 1 ? 'Leave it running' : 'Leave them running', 'Shut down and quit', 'Cancel'],
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  })
  return answers[response] ?? 'stay'
}

/** Asks each guest to shut down, and waits. Resolves with the sentences of those that did not. */
export async function shutDownAll(running: readonly MachineSummary[], engine: EngineAccess): Promise<string[]> {
  const outcomes = await Promise.all(
    running.map(async ({ id, name }) => {
      try {
        await withEngine(engine, ({ client }) => client.machine.stop({ machine: id }))
        return undefined
      } catch (error) {
        return `${name}: ${isMayflyError(error) ? error.message : String(error)}`
      }
    }),
  )
  return outcomes.filter((sentence) => sentence !== undefined)
}
