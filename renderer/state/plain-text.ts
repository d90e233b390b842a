/** What a guest or a program wrote, without what steers a terminal. Pure. */

/** Colours, cursor movements and titles, as terminals are told them. */
const steering = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])|[\u0000-\u0008\u000b-\u001f\u007f]/g

/** Line ends become `\n`; tabs stay. */
export function plainText(written: string): string {
  return written.replaceAll(/\r\n?/g, '\n').replaceAll(steering, '')
}

/** The last lines that say something, oldest first. */
export function lastLines(plain: string, atMost: number): readonly string[] {
  return plain.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '').slice(-atMost)
}
