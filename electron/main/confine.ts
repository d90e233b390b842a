/**
 * What no page may do, whatever runs in it: leave `app://mayfly`, open windows, embed others,
 * reach the network, or ask for devices. Set for every page that is ever made, not for each window.
 */
import { app, dialog, shell } from 'electron'
import type { Session, WebContents } from 'electron'
import { text } from '../../hosts/page/text/text.ts'
import { isPageUrl } from './ipc/trusted-page.ts'

/** What our own pages may use without being asked: the consoles need it. */
const allowed: ReadonlySet<string> = new Set(['clipboard-sanitized-write', 'clipboard-read', 'fullscreen', 'keyboardLock', 'pointerLock'])

export function confineSession(session: Session): void {
  session.setPermissionRequestHandler((contents, permission, decide, { requestingUrl, isMainFrame }) => decide(allowed.has(permission) && isMainFrame && isPageUrl(requestingUrl) && isPageUrl(contents.getURL())))
  session.setPermissionCheckHandler((contents, permission) => contents !== null && allowed.has(permission) && isPageUrl(contents.getURL()))
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest(({ url }, decide) => decide({ cancel: !isPageUrl(url) && !/^(blob:app:\/\/mayfly\/|data:|devtools:)/.test(url) }))
  // Recordings and screenshots are saved through the dialog.
  session.on('will-download', (event) => event.preventDefault())
}

/** Must be called before the first window is made. */
export function confinePages(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault())
    contents.on('will-frame-navigate', (event) => event.preventDefault())
    contents.on('will-redirect', (event) => event.preventDefault())
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(({ url }) => {
      void offerToOpen(url, contents)
      return { action: 'deny' }
    })
  })
}

/** A link may come from a guest's console: the person sees where it leads before the browser goes there. */
async function offerToOpen(url: string, contents: WebContents): Promise<void> {
  if (!URL.canParse(url) || !['https:', 'http:'].includes(new URL(url).protocol) || !isPageUrl(contents.getURL())) return
  const { response } = await dialog.showMessageBox({ type: 'question', message: text.link.question, detail: url.slice(0, 500), buttons: [text.link.cancel, text.link.open], defaultId: 0, cancelId: 0, noLink: true })
  if (response === 1) await shell.openExternal(url)
}
