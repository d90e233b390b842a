/** Makes ids. Random, so that an id never comes to mean something else after the engine was restarted. */
import { randomInt } from 'node:crypto'

const letters = 'abcdefghijklmnopqrstuvwxyz'
const lettersAndDigits = `${letters}0123456789`

/** Twelve lower-case letters and digits, the first a letter: the shape every id of contract/ids.ts has. */
export function makeRandomId(): string {
  let id = letters.charAt(randomInt(letters.length))
  while (id.length < 12) id += lettersAndDigits.charAt(randomInt(lettersAndDigits.length))
  return id
}
