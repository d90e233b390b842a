import { readFile } from 'node:fs/promises'

/** The process id in a pid file; null where there is none or it holds anything else. */
export async function readPidFile(path: string): Promise<number | null> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return /^[1-9][0-9]{0,9}\s*$/.test(text) ? Number(text) : null
}
