/** Reads what a page sent. Throws TypeError for what is not what it should be. */
import type { FileQuestion } from '../../../contract/wire/desktop-bridge.ts'

const maxTextCharacters = 200
/** Bytes a page may save at once: a recording of a screen. */
const maxSavedBytes = 1024 ** 3

export function readFileQuestion(value: unknown): FileQuestion {
  const { title, filters = [], suggestedName } = fields(value)
  if (!Array.isArray(filters) || filters.length > 20) throw new TypeError('The filters are not a list.')
  return {
    title: readText(title),
    filters: filters.map((filter: unknown) => {
      const { name, extensions } = fields(filter)
      if (!Array.isArray(extensions) || extensions.length > 50) throw new TypeError('The extensions are not a list.')
      return { name: readText(name), extensions: extensions.map(readText) }
    }),
    // A name, never a path: the folder is for the person at the dialog to choose.
    ...(suggestedName === undefined ? {} : { suggestedName: readText(suggestedName).replaceAll(/[/\\\0]/g, '-') }),
  }
}

export function readBytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length > maxSavedBytes) throw new TypeError('This is nothing that can be saved.')
  return value
}

/** A place in the app, such as `/machines/abcdefghijkl/console`. */
export function readPagePath(value: unknown): string {
  if (typeof value !== 'string' || !/^\/(?!\/)[A-Za-z0-9/_.~?=&%-]{0,200}$/.test(value)) throw new TypeError('This is no page.')
  return value
}

function fields(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new TypeError('This is not an object.')
  return value as Record<string, unknown>
}

function readText(value: unknown): string {
  if (typeof value !== 'string' || value.length > maxTextCharacters) throw new TypeError('This is not a short text.')
  return value
}
