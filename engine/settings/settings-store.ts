/**
 * The settings file. Read when it is asked for, so that a file changed by hand counts; one that
 * cannot be read is reported and kept, and only `reset` replaces it.
 */
import { join } from 'node:path'
import { isMayflyError } from '../../contract/errors.ts'
import { defaultSettings, type Settings, settingsSchema } from '../../contract/settings.ts'
import { z } from 'zod'
import { type DocumentKind, readDocument, writeDocument } from '../storage/document.ts'

const settingsDocument = {
  format: 'mayfly-settings',
  version: 1,
  schema: settingsSchema.extend({ format: z.literal('mayfly-settings'), version: z.literal(1) }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>

export class SettingsStore {
  readonly #path: string
  #writing: Promise<unknown> = Promise.resolve()

  constructor(configFolder: string) {
    this.#path = join(configFolder, 'settings.json')
  }

  /** The settings, or the first ones where there is no file. Throws `storage-corrupt` or `schema-too-new`. */
  async read(): Promise<Settings> {
    try {
      const { format: _format, version: _version, ...settings } = await readDocument(this.#path, settingsDocument)
      return settings
    } catch (error) {
      if (isMayflyError(error, 'not-found')) return defaultSettings
      throw error
    }
  }

  /** As `read`, but the first ones where the file is of no use: what can go on without it does. */
  async readOrDefaults(): Promise<Settings> {
    try {
      return await this.read()
    } catch (error) {
      if (isMayflyError(error)) return defaultSettings
      throw error
    }
  }

  /** Changes some settings; two changes at once both count. */
  change(changes: { readonly [K in keyof Settings]?: Settings[K] | undefined }): Promise<Settings> {
    return this.#inTurn(async () => {
      const named = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
      return this.#write({ ...(await this.read()), ...named })
    })
  }

  /** Writes the first settings, whatever the file held. */
  reset(): Promise<Settings> {
    return this.#inTurn(() => this.#write(defaultSettings))
  }

  async #write(settings: Settings): Promise<Settings> {
    await writeDocument(this.#path, settingsDocument, { format: 'mayfly-settings', version: 1, ...settings })
    return settings
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#writing.then(work)
    this.#writing = result.catch(() => undefined)
    return result
  }
}
