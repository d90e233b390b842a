/**
 * Who may come in. A token from the printed address is good once; it becomes a session, proved
 * by a cookie that scripts cannot read and a key that other ports are not sent
 * (contract/wire/browser-session.ts tells why both). Only digests are kept, and they are looked
 * up in tables, so there is no comparison whose timing could be measured.
 */
import { createHash, randomBytes } from 'node:crypto'

/** A session that nobody used for so long is over. */
const defaultIdleMs = 7 * 24 * 60 * 60 * 1000
/** Sessions at once; one more and the one unused for longest is over. */
const maxSessions = 32
/** Tokens that nobody has used yet; one more and the oldest is void. */
const maxTokens = 8

interface Session {
  readonly keyDigest: string
  lastUsedAtMs: number
}

export interface SessionProof {
  readonly cookie: string
  readonly key: string
}

export class Sessions {
  readonly #tokens = new Set<string>()
  /** By the digest of the cookie; in order of use. */
  readonly #sessions = new Map<string, Session>()
  readonly #idleMs: number

  constructor(options: { readonly idleMs?: number } = {}) {
    this.#idleMs = options.idleMs ?? defaultIdleMs
  }

  /** A new token, good for one session. */
  issueToken(): string {
    const token = newSecret()
    for (const oldest of this.#tokens) {
      if (this.#tokens.size < maxTokens) break
      this.#tokens.delete(oldest)
    }
    this.#tokens.add(digest(token))
    return token
  }

  /** Whether the token is good; it is void from now on. */
  useToken(token: string): boolean {
    return this.#tokens.delete(digest(token))
  }

  /** Begins a session. The caller has seen a good token or password. */
  begin(): SessionProof {
    const proof = { cookie: newSecret(), key: newSecret() }
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size < maxSessions) break
      this.#sessions.delete(oldest)
    }
    this.#sessions.set(digest(proof.cookie), { keyDigest: digest(proof.key), lastUsedAtMs: performance.now() })
    return proof
  }

  /** Whether the cookie is of a session: enough for the pages themselves, which hold no secrets. */
  knowsCookie(cookie: string | undefined): boolean {
    return this.#find(cookie) !== undefined
  }

  /** Whether cookie and key are of the same session: needed for everything else. */
  knows(cookie: string | undefined, key: string | undefined): boolean {
    const session = this.#find(cookie)
    return session !== undefined && key !== undefined && session.keyDigest === digest(key)
  }

  end(cookie: string): void {
    this.#sessions.delete(digest(cookie))
  }

  #find(cookie: string | undefined): Session | undefined {
    if (cookie === undefined) return undefined
    const name = digest(cookie)
    const session = this.#sessions.get(name)
    if (session === undefined) return undefined
    this.#sessions.delete(name)
    const now = performance.now()
    if (now - session.lastUsedAtMs > this.#idleMs) return undefined
    session.lastUsedAtMs = now
    this.#sessions.set(name, session)
    return session
  }
}

function newSecret(): string {
  return randomBytes(24).toString('base64url')
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64')
}
