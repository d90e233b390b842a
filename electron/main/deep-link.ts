/** Links from outside: `mayfly://machine/ID` shows that machine. Anybody can write such a link, so it shows and changes nothing. */
import { machineIdSchema } from '../../contract/ids.ts'
import type { DesktopCommand } from '../../contract/wire/desktop-bridge.ts'

export const linkScheme = 'mayfly'

/** What a link asks for; undefined for what is not a link of ours. */
export function parseDeepLink(text: string): DesktopCommand | undefined {
  const id = /^mayfly:\/\/machine\/([a-z0-9]{1,40})\/?$/.exec(text)?.[1]
  const machine = machineIdSchema.safeParse(id)
  return machine.success ? { kind: 'show-machine', machine: machine.data } : undefined
}

/** The first link among the words a program was started with. */
export function findDeepLink(words: readonly string[]): DesktopCommand | undefined {
  for (const word of words) {
    const command = parseDeepLink(word)
    if (command !== undefined) return command
  }
  return undefined
}
