/** The dialogs that the desktop draws itself, out of reach of any driver: here they are kept as they were asked, and answered by the name of a button. */
import type { ElectronApplication } from 'playwright-core'
import { until } from '../conformance/until.ts'

interface AskedDialog {
  readonly message: string
  readonly detail: string
  readonly buttons: readonly string[]
  readonly checkboxLabel: string | null
}

interface Dialogs {
  /** All that were shown, the last one last. */
  asked(): Promise<readonly AskedDialog[]>
  /** Waits until a dialog with this button is open, and presses it. */
  answer(button: string): Promise<void>
}

/** What is kept in the main process. */
interface Kept {
  asked: AskedDialog[]
  open: { buttons: readonly string[]; checked: boolean; resolve: (answer: { response: number; checkboxChecked: boolean }) => void }[]
}

/** From now on the app's message boxes wait for `answer`. One that its signal closes is no longer open. */
export async function answerDialogs(app: ElectronApplication): Promise<Dialogs> {
  await app.evaluate(({ dialog }) => {
    const kept: Kept = { asked: [], open: [] }
    ;(globalThis as { keptDialogs?: Kept }).keptDialogs = kept
    dialog.showMessageBox = (...given: unknown[]) => {
      const { message, detail = '', buttons = [], checkboxLabel = null, checkboxChecked = false, cancelId = 0, signal } = given.at(-1) as { message: string; detail?: string; buttons?: string[]; checkboxLabel?: string; checkboxChecked?: boolean; cancelId?: number; signal?: AbortSignal }
      kept.asked.push({ message, detail, buttons, checkboxLabel })
      return new Promise((resolve) => {
        const entry = { buttons, checked: checkboxChecked, resolve }
        kept.open.push(entry)
        signal?.addEventListener('abort', () => {
          kept.open = kept.open.filter((other) => other !== entry)
          resolve({ response: cancelId, checkboxChecked })
        })
      })
    }
  })
  return {
    asked: () => app.evaluate(() => (globalThis as { keptDialogs?: Kept }).keptDialogs?.asked ?? []),
    answer: (button) =>
      until(
        () =>
          app.evaluate((_electron, label) => {
            const kept = (globalThis as { keptDialogs?: Kept }).keptDialogs
            const entry = kept?.open.find(({ buttons }) => buttons.includes(label))
            if (kept === undefined || entry === undefined) return false
            kept.open = kept.open.filter((other) => other !== entry)
            entry.resolve({ response: entry.buttons.indexOf(label), checkboxChecked: entry.checked })
            return true
          }, button),
        `a dialog offers “${button}”`,
        60_000,
      ),
  }
}
