/**
 * Which names a browser may call this server by. A page of any site can make its own name lead
 * to 127.0.0.1 (DNS rebinding) and would then count as of the same origin; its name is still in
 * `Host`, so only names that nobody else can own are taken.
 */
import { isIP } from 'node:net'

export class AllowedHosts {
  readonly #scheme: 'http' | 'https'
  readonly #port: number
  readonly #loopbackOnly: boolean
  readonly #names: ReadonlySet<string>

  constructor(options: { readonly scheme: 'http' | 'https'; readonly port: number; readonly loopbackOnly: boolean; readonly names?: readonly string[] }) {
    this.#scheme = options.scheme
    this.#port = options.port
    this.#loopbackOnly = options.loopbackOnly
    this.#names = new Set(['localhost', ...(options.names ?? []).map((name) => name.toLowerCase())])
  }

  /** The origin of this server under the name in `Host`; undefined for a name it does not have. */
  originOf(host: string | undefined): string | undefined {
    const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(host ?? '')
    const name = match?.[1]?.toLowerCase()
    if (name === undefined) return undefined
    const defaultPort = this.#scheme === 'https' ? 443 : 80
    const port = match?.[2] === undefined ? defaultPort : Number(match[2])
    if (port !== this.#port || !this.#isOurs(name)) return undefined
    return `${this.#scheme}://${name}${port === defaultPort ? '' : `:${port}`}`
  }

  #isOurs(name: string): boolean {
    if (this.#names.has(name)) return true
    const address = name.startsWith('[') ? name.slice(1, -1) : name
    if (this.#loopbackOnly) return address === '127.0.0.1' || address === '::1'
    // An address is no name that somebody else could make lead here.
    return isIP(address) !== 0
  }
}
