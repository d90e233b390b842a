/**
 * The one place that knows what must never be kept or shown of a conversation: passwords,
 * secrets and what a person typed into a guest. Everything that stores or prints QMP or guest
 * agent messages passes through here first. Names of secrets (`password-secret`, `key-secret`)
 * are ids, not secrets, and stay.
 */

const redacted = '[redacted]'

/** Members whose value is secret wherever they appear (QMP and the guest agent's protocol). */
const secretMembers: ReadonlySet<string> = new Set(['password', 'passwd', 'passphrase', 'cookie', 'input-data', 'buf-b64', 'token', 'authorization'])

/** Commands whose arguments are keystrokes: people type passwords with them. */
const keystrokeMembers: Readonly<Record<string, string>> = { 'send-key': 'keys', 'input-send-event': 'events' }

/** Human monitor commands of which only the first word is shown. */
const secretHumanCommands: ReadonlySet<string> = new Set(['set_password', 'change', 'sendkey', 'object_add'])

/** Whether a line of JSON could hold anything to redact; spares the rest a second look. */
const mayHoldSecret =
  /"(?:password|passwd|passphrase|cookie|input-data|buf-b64|token|authorization|send-key|input-send-event|human-monitor-command|secret|secret_keyring)"/

/**
 * The message as one line of JSON, without secrets. `line` is that message as it was sent or
 * came; it is returned unchanged where nothing in it can be secret.
 */
export function redactMessage(line: string, message: unknown): string {
  return mayHoldSecret.test(line) ? JSON.stringify(redactValue(message)) : line
}

/** A copy of a JSON value in which every secret is replaced. */
export function redactValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactValue)
  if (!isRecord(value)) return value
  const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, secretMembers.has(name) && member !== null ? redacted : redactValue(member)]))
  if (isSecretObject(copy['qom-type'])) redactMember(copy, 'data')
  const command = copy['execute']
  if (typeof command === 'string' && isRecord(copy['arguments'])) redactArguments(command, copy['arguments'])
  return copy
}

function redactArguments(command: string, argumentsCopy: Record<string, unknown>): void {
  const keystrokes = Object.hasOwn(keystrokeMembers, command) ? keystrokeMembers[command] : undefined
  if (keystrokes !== undefined) redactMember(argumentsCopy, keystrokes)
  if (command !== 'human-monitor-command') return
  const line = argumentsCopy['command-line']
  const word = typeof line === 'string' ? (line.trim().split(/\s/, 1)[0] ?? '') : ''
  if (secretHumanCommands.has(word)) argumentsCopy['command-line'] = `${word} ${redacted}`
}

function redactMember(copy: Record<string, unknown>, name: string): void {
  if (Object.hasOwn(copy, name)) copy[name] = redacted
}

/** QOM types that carry key material: https://www.qemu.org/docs/master/system/secrets.html */
function isSecretObject(qomType: unknown): boolean {
  return qomType === 'secret' || qomType === 'secret_keyring'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
