/** Who may ask main for anything: the top frame of a window we opened, showing a page of ours. */
import type { IpcMainEvent, IpcMainInvokeEvent } from 'electron'
import { pageOrigin } from '../../../contract/wire/desktop-bridge.ts'

export type Sender = Pick<IpcMainEvent | IpcMainInvokeEvent, 'sender' | 'senderFrame'>

/** Looks at the frame that sent the message, not at the window it lies in: a window may have gone elsewhere since. */
export function isTrustedPage({ sender, senderFrame }: Sender, ownPages: ReadonlySet<number>): boolean {
  if (senderFrame === null || !ownPages.has(sender.id)) return false
  return senderFrame === sender.mainFrame && isPageUrl(senderFrame.url)
}

export function isPageUrl(url: string): boolean {
  return url.startsWith(`${pageOrigin}/`)
}
