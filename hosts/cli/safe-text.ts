/**
 * Text of unknown origin on its way to a terminal. What a guest, a file or another user wrote may
 * hold escape sequences; none reaches the terminal raw.
 */

/** C0, DEL, C1, line and paragraph separators, lone surrogates, and what turns the direction of text around. */
const unsafe = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{feff}]/gu
const unsafeInText = /[^\P{Cc}\n\t]|[\p{Cs}\p{Zl}\p{Zp}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{feff}]/gu

function escape(character: string): string {
  switch (character) {
    case '\n': return String.raw`\n`
    case '\r': return String.raw`\r`
    case '\t': return String.raw`\t`
    default: {
      const code = character.codePointAt(0) ?? 0
      return code < 256 ? String.raw`\x${code.toString(16).padStart(2, '0')}` : String.raw`\u{${code.toString(16)}}`
    }
  }
}

/** One line: everything that is not printable becomes an escape such as `\x1b`. */
export function safeLine(text: string): string {
  return text.replace(unsafe, escape)
}

/** Several lines: as `safeLine`, but line ends and tabs stay, and CRLF becomes a line end. */
export function safeText(text: string): string {
  return text.replace(/\r+\n/g, '\n').replace(unsafeInText, escape)
}

/** What the user typed, quoted for a message: short and harmless. */
export function shown(text: string): string {
  const safe = safeLine(text)
  return `"${safe.length > 60 ? `${safe.slice(0, 57)}...` : safe}"`
}
