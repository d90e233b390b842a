/** Names of images: what people type to mean one, so two never have the same. */
import { basename } from 'node:path'
import { machineNameSchema } from '../../contract/machine.ts'

const longestNameCharacters = 60

/** A name made from a file's name, whatever characters that has. */
export function nameFromFile(path: string): string {
  const printable = basename(path)
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
  const short = Array.from(printable).slice(0, longestNameCharacters).join('').trim()
  return machineNameSchema.safeParse(short).success ? short : 'image'
}

/** `wanted`, or `wanted 2`, `wanted 3`, ...: the first that is not taken. */
export function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(wanted)) return wanted
  let number = 2
  while (isTaken(`${wanted} ${number}`)) number += 1
  return `${wanted} ${number}`
}
