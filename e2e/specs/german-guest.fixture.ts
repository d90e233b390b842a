/**
 * A guest whose keyboard is German, and what arrives in it. The keys are written down here once
 * more, by Linux' numbers of places (input-event-codes.h) and not by the page's table, so that
 * neither can be wrong alone.
 */
import type { EngineClient } from '../../engine/engine-face.ts'

/** Place, alone, Shift, AltGr. A name is an accent that waits for its letter. */
const german: readonly (readonly [place: number, plain: string, shifted: string, altGr?: string])[] = [
  [41, 'circumflex', '°'], [3, '2', '"', '²'], [4, '3', '§', '³'], [5, '4', '$'], [7, '6', '&'], [8, '7', '/', '{'], [9, '8', '(', '['], [10, '9', ')', ']'], [11, '0', '=', '}'], [12, 'ß', '?', '\\'], [13, 'acute', 'grave'],
  [16, 'q', 'Q', '@'], [18, 'e', 'E', '€'], [21, 'z', 'Z'], [26, 'ü', 'Ü'], [27, '+', '*', '~'], [39, 'ö', 'Ö'], [40, 'ä', 'Ä'], [43, '#', "'"], [86, '<', '>', '|'], [44, 'y', 'Y'], [51, ',', ';'], [52, '.', ':'], [53, '-', '_'],
]
const accents: Readonly<Record<string, number>> = { grave: 0x0400, acute: 0x0401, circumflex: 0x0402 }

/** Kernel's keysym (uapi/linux/keyboard.h): letters know caps lock, what is beyond Latin-1 is marked as Unicode. */
function keysym(character: string): number {
  const accent = accents[character]
  if (accent !== undefined) return accent
  const point = character.codePointAt(0) ?? 0
  if (point > 0xff) return point ^ 0xf000
  return /\p{L}/u.test(character) ? 0x0b00 | point : point
}

/** The guest's own key map with the German keys in it, as busybox' loadkmap reads it: a magic word, which of 256 tables follow, 128 numbers each. */
function withGermanKeys(dumped: Buffer): Buffer {
  const map = Buffer.from(dumped)
  const [magic, tables, keys] = [7, 256, 128]
  const present = Array.from({ length: tables }, (_, table) => table).filter((table) => map[magic + table] === 1)
  const put = (table: number, place: number, value: number): void => {
    const at = present.indexOf(table)
    if (at >= 0) map.writeUInt16LE(value, magic + tables + (at * keys + place) * 2)
  }
  // The right Alt key is AltGr, whatever else is held.
  for (const table of present) put(table, 100, 0x0701)
  for (const [place, ...characters] of german) for (const [table, character] of characters.entries()) if (character !== undefined) put(table, place, keysym(character))
  return map
}

export class GermanGuest {
  readonly #client: EngineClient
  readonly #machine: string

  constructor(client: EngineClient, machine: string) {
    this.#client = client
    this.#machine = machine
  }

  /** A terminal of its own in front, which keeps what is typed. */
  async begin(): Promise<void> {
    const dumped = Buffer.from(await this.#run('dumpkmap | base64'), 'base64')
    await this.#run('base64 -d > /tmp/german && loadkmap < /tmp/german && chvt 8', withGermanKeys(dumped).toString('base64'))
    // One that was begun before would get some of the keys.
    await this.#run('if [ -e /tmp/typing ]; then kill "$(cat /tmp/typing)"; rm /tmp/typing /tmp/typed; fi')
    await this.#run(String.raw`setsid sh -c "exec < /dev/tty8; stty -icanon -echo iutf8; echo \$\$ > /tmp/typing; exec cat >> /tmp/typed" > /dev/null 2>&1 & until [ -s /tmp/typing ]; do sleep 0.1; done`)
  }

  typed(): Promise<string> {
    return this.#run('cat /tmp/typed')
  }

  async forget(): Promise<void> {
    await this.#run(': > /tmp/typed')
  }

  async #run(line: string, stdin = ''): Promise<string> {
    const result = await this.#client.guest.run({ machine: this.#machine, argv: ['sh', '-c', line], stdinBase64: Buffer.from(stdin).toString('base64'), timeoutMs: 30_000 })
    if (result.exitStatus !== 0) throw new Error(`“${line}”: ${JSON.stringify(result)}`)
    return result.stdout
  }
}
