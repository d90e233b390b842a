/** Serves the pages at `app://mayfly/`: an origin of their own, with the same strict policy as in a browser. */
import { protocol } from 'electron'
import type { ProtocolRequest, ProtocolResponse, Session } from 'electron'
import { pageOrigin } from '../../contract/wire/desktop-bridge.ts'
import { contentSecurityPolicy, newNonce, pageHeaders } from '../../hosts/page/content-security.ts'
import { findPageFolder, readPageFile } from '../../hosts/page/page-files.ts'

const scheme = new URL(`${pageOrigin}/`).protocol.slice(0, -1)

/** Must be called before the app is ready. */
export function declarePageScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } }])
}

/** Must be called before the first page is opened. `onPage` is called when a page was handed over, before its scripts are asked for. */
export function servePageScheme(session: Session, onPage: () => void = () => undefined): void {
  const folder = findPageFolder()
  const answer = async (request: ProtocolRequest): Promise<ProtocolResponse> => {
    const url = new URL(request.url)
    const file = url.host === new URL(pageOrigin).host && request.method === 'GET' ? await readPageFile(folder, url.pathname) : undefined
    const headers = { ...pageHeaders, 'content-security-policy': contentSecurityPolicy({ nonce: file?.nonce ?? newNonce() }) }
    if (file === undefined) return { statusCode: 404, headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' }, data: Buffer.from('There is nothing here.') }
    return { headers: { ...headers, 'content-type': file.mediaType }, data: typeof file.body === 'string' ? Buffer.from(file.body) : file.body }
  }
  // `protocol.handle`, which is to replace this, makes Node load all of fetch before the first byte of the first
  // page: a quarter of the start (Electron 33). It also hands bodies over piece by piece, in a process that is busy.
  session.protocol.registerBufferProtocol(scheme, (request, respond) => {
    // -2 is Chromium's net::ERR_FAILED.
    answer(request).then(respond, () => respond({ error: -2 })).finally(() => setImmediate(onPage))
  })
}
