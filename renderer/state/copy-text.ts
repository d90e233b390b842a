/** Puts a text in the clipboard, and says where the browser does not let this page. */
import { text } from '../text/text.ts'
import { showToast } from './toast.ts'

export async function copyText(content: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(content)
  } catch {
    showToast({ title: text.notCopied, message: text.notCopiedMore })
  }
}
