/** What a test does with Mayfly, whichever host shows it: the same specs run in the window and in a browser. */
import type { ElectronApplication, Page } from 'playwright-core'

export type HostName = 'electron' | 'chromium'

export interface SavedFile {
  /** Where it is. */
  readonly path: string
  /** The name it was offered by. */
  readonly offered: string
}

export interface Driver {
  readonly host: HostName
  /** The main page, loaded. */
  readonly page: Page
  /** What the host wrote on stderr. */
  readonly stderr: () => string
  /** Does what opens the dialog for files, and answers it with one. */
  readonly chooseFile: (file: string, ask: () => Promise<void>) => Promise<void>
  /** Does what ends in saving a file. `path`: where it goes if the host asks. */
  readonly savedFile: (path: string, act: () => Promise<void>) => Promise<SavedFile>
  /** The app, where the host is one. */
  readonly app?: ElectronApplication
  /** Ends the host as a user would; machines run on. */
  close(): Promise<void>
}

export interface LaunchOptions {
  /** MAYFLY_HOME of this host, and where it keeps everything else. */
  readonly home: string
  readonly colorScheme?: 'light' | 'dark'
  readonly size?: { readonly width: number; readonly height: number }
}

/** The environment of a host: nothing of the user's own folders. */
export function hostEnvironment(home: string): Record<string, string> {
  const kept = ['PATH', 'LANG', 'MAYFLY_QEMU', 'MAYFLY_TEST_CACHE', 'MAYFLY_TEST_RUN']
  const entries = kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  return { ...(Object.fromEntries(entries) as Record<string, string>), MAYFLY_HOME: home, HOME: home, XDG_RUNTIME_DIR: home, TMPDIR: home }
}
