/** Serves the pages at `app://mayfly/`: an origin of their own, with the same strict policy as in a browser. */
import { protocol } from 'electron'
import type { Session } from 'electron'
import { pageOrigin } from '../../contract/wire/desktop-bridge.ts'
import { contentSecurityPolicy, newNonce, pageHeaders } from '../../hosts/page/content-security.ts'
import { findPageFolder, readPageFile } from '../../hosts/page/page-files.ts'

const scheme = new URL(`${pageOrigin}/`).protocol.slice(0, -1)

/** Must be called before the app is ready. */
export function declarePageScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } }])
}

/** `onScript` is called whenever a script was handed over: the page has something to do then. */
export function servePageScheme(session: Session, onScript: () => void = () => undefined): void {
  const folder = findPageFolder()
  session.protocol.handle(scheme, async (request) => {
    const url = new URL(request.url)
    const file = url.host === new URL(pageOrigin).host && request.method === 'GET' ? await readPageFile(folder, url.pathname) : undefined
    const headers = { ...pageHeaders, 'content-security-policy': contentSecurityPolicy({ nonce: file?.nonce ?? newNonce() }) }
    if (file === undefined) return new Response('There is nothing here.', { status: 404, headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' } })
    if (file.mediaType.startsWith('text/javascript')) setImmediate(onScript)
    return new Response(typeof file.body === 'string' ? file.body : new Uint8Array(file.body), { headers: { ...headers, 'content-type': file.mediaType } })
  })
}
