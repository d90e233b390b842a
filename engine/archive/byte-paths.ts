/**
 * Paths whose names are bytes, one character a byte (latin1): a file system's names need not be UTF-8,
 * and what comes out of a guest is no text of ours.
 */

/** A path of ours as bytes. */
export function toBytePath(path: string): string {
  return Buffer.from(path, 'utf8').toString('latin1')
}

/** As Node's file functions take it. */
export function fsPath(bytePath: string): Buffer {
  return Buffer.from(bytePath, 'latin1')
}

/** For people: what is not UTF-8 is replaced. */
export function shownPath(bytePath: string): string {
  return Buffer.from(bytePath, 'latin1').toString('utf8')
}
