/** Starts the app in a real Electron and asks its main process something, for tests and for the bench. */
import { _electron } from 'playwright-core'
import type { ElectronApplication, Page } from 'playwright-core'

const connectsWithinMs = 40_000
const answersWithinMs = 10_000
const askEveryMs = 100

export interface StartedApp {
  readonly app: ElectronApplication
  /** Its first window's page, loaded. */
  readonly page: Page
  readonly stderr: () => string
}

interface AppToStart {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly colorScheme?: 'light' | 'dark'
}

/** Resolves when its first page is loaded. Where it rejects, nothing of the app is left. */
export async function startApp({ program, args, env, colorScheme }: AppToStart): Promise<StartedApp> {
  const start = (): Promise<ElectronApplication> => _electron.launch({ executablePath: program, args: [...args], env: { ...env }, timeout: connectsWithinMs, ...(colorScheme === undefined ? {} : { colorScheme }) })
  // Now and then Playwright 1.65 does not get hold of an Electron 33 that runs as it should; it ends it then.
  const app = await start().catch(start)
  let stderr = ''
  app.process().stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  try {
    const page = await app.firstWindow()
    await page.waitForLoadState()
    return { app, page, stderr: () => stderr }
  } catch (error) {
    app.process().kill('SIGKILL')
    throw error
  }
}

/**
 * Asks until there is an answer: V8 may collect the promise of one while main is busy with its
 * start (Playwright's "Resulting promise was garbage collected"). So what is asked may happen twice.
 */
export async function answerOf<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + answersWithinMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, askEveryMs))
    }
  }
}
