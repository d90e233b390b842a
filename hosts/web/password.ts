/** The password for those who come from other computers: only its scrypt digest is kept, in a file of its own. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'

/** OWASP's password storage guidance for scrypt: N=2^17, r=8, p=1, which takes 128 MiB for a moment. */
const cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 192 * 1024 * 1024 } as const
const digestBytes = 32
const minCharacters = 10
const maxCharacters = 1024

/** Keeps the digest of a password. Throws `invalid-input` for one that is too short. */
export async function keepPassword(file: string, password: string): Promise<void> {
  if (password.length < minCharacters || password.length > maxCharacters) {
    const message = `A password has ${minCharacters} to ${maxCharacters} characters.`
    throw new MayflyError('invalid-input', message, { issues: [{ path: 'password', message }] })
  }
  const salt = randomBytes(16)
  const digest = await derive(password, salt)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, `${JSON.stringify({ format: 'mayfly-password', version: 1, scrypt: { N: cost.N, r: cost.r, p: cost.p }, salt: salt.toString('base64'), digest: digest.toString('base64') })}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

export interface PasswordCheck {
  matches(password: string): Promise<boolean>
}

/** Reads a kept password; undefined where there is none. Throws `storage-corrupt` where the file is something else. */
export function readPassword(file: string): PasswordCheck | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const { salt, digest } = parse(file, text)
  return {
    matches: async (password) => password.length <= maxCharacters && timingSafeEqual(await derive(password, salt), digest),
  }
}

function parse(file: string, text: string): { salt: Buffer; digest: Buffer } {
  try {
    const value = JSON.parse(text) as { format?: unknown; version?: unknown; salt?: unknown; digest?: unknown }
    if (value.format === 'mayfly-password' && value.version === 1 && typeof value.salt === 'string' && typeof value.digest === 'string') {
      const digest = Buffer.from(value.digest, 'base64')
      if (digest.length === digestBytes) return { salt: Buffer.from(value.salt, 'base64'), digest }
    }
  } catch {
    // Told below.
  }
  throw new MayflyError('storage-corrupt', `${file} is not a kept password.`, { file, reason: 'it does not parse' }, { next: 'Set it again with mayfly serve --set-password.' })
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, digestBytes, cost, (error, digest) => (error === null ? resolve(digest) : reject(error)))
  })
}
