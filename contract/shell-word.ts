/** Hints that are commands to be copied are written by the engine, the command line and the window; they all quote alike. */

/** A text as one word of a shell, bare where it needs no quotes. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
